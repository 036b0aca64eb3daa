#include <utility>

#include "base/log.h"
#include "worker/internal/normalizers.h"

namespace parley::worker {

using text::Normalized;
using text::Normalizer;

Result<Normalized> Normalizers::AsItIs(const std::string& text) {
  Normalized same{.text = text, .spans = {}};
  same.spans.AddCopy(text.size());
  return same;
}

Normalizers::OfLanguage& Normalizers::For(const std::string& language) {
  const auto found = by_language_.find(language);
  if (found != by_language_.end()) return found->second;
  if (by_language_.size() >= kLanguagesMax) by_language_.clear();
  const auto make = [&](Normalizer::Rules rules) {
    auto made = Normalizer::Create(language, rules);
    return made ? std::move(*made) : nullptr;
  };
  OfLanguage added{.alone = make(Normalizer::Rules::kAll), .before_grammar = nullptr};
  if (grammars_.Find(language) != nullptr) {
    added.before_grammar = make(Normalizer::Rules::kBesideGrammar);
  }
  return by_language_.emplace(language, std::move(added)).first->second;
}

Result<Normalized> Normalizers::Normalize(const std::string& language, const std::string& text) {
  OfLanguage& normalizers = For(language);
  if (normalizers.before_grammar) {
    PARLEY_TRY(const Normalized cleaned, normalizers.before_grammar->Normalize(text));
    auto said = grammars_.Find(language)->Normalize(cleaned.text);
    if (said) {
      said->spans = said->spans.Through(cleaned.spans);
      return said;
    }
    metrics_.texts_given_up.Add();
    // The first of a language; parley_text_grammar_gave_up_total counts the others.
    if (!std::exchange(normalizers.gave_up, true)) {
      log::Warn("text_grammar_gave_up language={} bytes={} why=\"{}\"", language, text.size(),
                said.error().message);
    }
  }
  if (normalizers.alone) return normalizers.alone->Normalize(text);
  return AsItIs(text);
}

}  // namespace parley::worker
