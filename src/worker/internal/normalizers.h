// The text normalizers of a worker, one a language, made when first needed. One sequence.
//
//   text ─ text::Normalizer ─▶ cleaned, addresses and money said ─ grammar ─▶ words
//
// Where there is no grammar for the language, or it gives up on a text, text::Normalizer does all.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "text/normalizer.h"
#include "worker/text_grammars.h"

namespace parley::worker {

class Normalizers {
 public:
  Normalizers() = default;
  explicit Normalizers(TextGrammars grammars) : grammars_(std::move(grammars)) {}

  // The text as a voice of that language should get it. A language without rules of its own gets
  // the text as it stands, which the map says too.
  Result<text::Normalized> Normalize(const std::string& language, const std::string& text);

  static Result<text::Normalized> AsItIs(const std::string& text);

 private:
  struct OfLanguage {
    std::unique_ptr<text::Normalizer> alone;           // null: has none
    std::unique_ptr<text::Normalizer> before_grammar;  // null: there is no grammar
  };
  OfLanguage& For(const std::string& language);

  // Bounded, since callers choose the names: more languages than this start over.
  static constexpr size_t kLanguagesMax = 32;
  TextGrammars grammars_;
  std::map<std::string, OfLanguage> by_language_;
};

}  // namespace parley::worker
