// Text → the symbols that a Piper voice was trained on, sentence by sentence, with the place of
// every word. Through espeak-ng for most voices; a "text" voice takes the text's own code points.
// The order of steps is that of Piper's own front end, so that ids are equal to its ids.
//
// espeak-ng has one state for the process: calls of all phonemizers take turns. Thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "piper/voice.h"

namespace parley::piper {

// A word's end, in the sentence's sound and in the text.
struct WordEnd {
  size_t symbol = 0;    // index into Sentence::symbols, past its last sound
  size_t text_end = 0;  // byte offset in the text, past the word and its punctuation
};

struct Sentence {
  std::u32string symbols;
  std::vector<WordEnd> words;  // rising in both; silent words have none
};

class Phonemizer {
 public:
  // `data_dir` is the folder espeak-ng-data. kNotFound: it is not there, or espeak-ng does not know
  // the voice's language.
  static Result<std::unique_ptr<Phonemizer>> Create(const Voice& voice,
                                                    const std::string& data_dir);

  // All sentences of the text; none for a text without sound. Any bytes will do: what is not
  // speech is passed over. Time grows with the text's length, about 25 µs a word.
  std::vector<Sentence> Phonemize(std::string_view text);

 private:
  struct Clause;

  explicit Phonemizer(const Voice& voice) : voice_(voice) {}
  std::vector<Sentence> PhonemizeWithEspeak(const std::string& text);
  void AddWords(const std::string& text, const std::vector<Clause>& clauses, Sentence& sentence);
  const std::u32string& ReadAlone(std::string_view word);

  const Voice voice_;
  std::unordered_map<std::string, std::u32string> alone_;  // guarded by espeak-ng's mutex
};

// Cuts sentences of more than `symbols_max` symbols at their last pause that leaves a part within
// the limit, else at the last space, else anywhere: the encoder's cost grows with the square.
std::vector<Sentence> LimitLength(std::vector<Sentence> sentences, size_t symbols_max);

// The ids of a sentence: "^ _", then each symbol that the voice knows followed by "_", then "$".
struct Ids {
  std::vector<int64_t> ids;
  // For each symbol, the number of ids up to and with it and its "_".
  std::vector<size_t> symbol_end;
};
Ids ToIds(const Voice& voice, std::u32string_view symbols);

}  // namespace parley::piper
