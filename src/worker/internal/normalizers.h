// The text normalizers of a worker, one a language, made when first needed. One sequence.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "text/normalizer.h"

namespace parley::worker {

class Normalizers {
 public:
  // The text as a voice of that language should get it. A language without rules of its own gets
  // the text as it stands, which the map says too.
  Result<text::Normalized> Normalize(const std::string& language, const std::string& text);

  static Result<text::Normalized> AsItIs(const std::string& text);

 private:
  // Bounded, since callers choose the names: more languages than this start over.
  static constexpr size_t kLanguagesMax = 32;
  std::map<std::string, std::unique_ptr<text::Normalizer>> by_language_;  // null: has none
};

}  // namespace parley::worker
