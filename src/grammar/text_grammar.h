// Numbers, money, dates, times and units as words, by the grammars of WeTextProcessing: a tagger
// that finds them ("5 km" → measure { integer: "5" units: "km" }) and a verbalizer that says them.
// Both are weighted finite-state transducers, run by OpenFst (internal/transducer.h).
//
// What stands in neither stays byte for byte; a token that changed is a replacement in the map.
// English is always tagged; Chinese and Japanese only where there is a figure, as the authors' own
// program does it.
//
// Not thread-safe. A sentence of 77 bytes takes 1.6 ms in English, 1 ms in the others (two cores of
// 2.3 GHz, -O1; grammar_bench).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "grammar/language.h"
#include "text/normalizer.h"

namespace parley::grammar {

class TextGrammar {
 public:
  // A longer text is cut behind sentences, or else words, into pieces of at most so many bytes.
  static constexpr size_t kPieceBytesMax = 512;
  // Work that one text may cost, in steps of the search: some 60 ms, or 4 kB of English, which
  // takes 50 a byte.
  static constexpr size_t kStepsMax = 200'000;

  // kNotFound, kDataLoss: the file cannot be read or is no sound grammar.
  static Result<std::unique_ptr<TextGrammar>> Load(Language language,
                                                   const std::filesystem::path& tagger,
                                                   const std::filesystem::path& verbalizer);
  // From the bytes of the two files; the names are for messages.
  struct Source {
    std::string bytes;
    std::string name;
  };
  static Result<std::unique_ptr<TextGrammar>> Parse(Language language, const Source& tagger,
                                                    const Source& verbalizer);
  ~TextGrammar();

  // Text that text::Normalizer or text::Clean has been over: valid UTF-8, single spaces. Pieces
  // that the grammar does not take stay as they are. kResourceExhausted: more work than kStepsMax;
  // kDataLoss: the grammar writes what is no text.
  Result<text::Normalized> Normalize(std::string_view text) const;

 private:
  struct Impl;
  class Pass;
  explicit TextGrammar(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace parley::grammar
