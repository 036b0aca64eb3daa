#include <utility>

#include "worker/internal/normalizers.h"

namespace parley::worker {

Result<text::Normalized> Normalizers::AsItIs(const std::string& text) {
  text::Normalized same{.text = text, .spans = {}};
  same.spans.AddCopy(text.size());
  return same;
}

Result<text::Normalized> Normalizers::Normalize(const std::string& language,
                                                const std::string& text) {
  auto found = by_language_.find(language);
  if (found == by_language_.end()) {
    if (by_language_.size() >= kLanguagesMax) by_language_.clear();
    auto made = text::Normalizer::Create(language);
    found = by_language_.emplace(language, made ? std::move(*made) : nullptr).first;
  }
  if (found->second) return found->second->Normalize(text);
  return AsItIs(text);
}

}  // namespace parley::worker
