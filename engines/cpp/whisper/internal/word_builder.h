// Puts Whisper's tokens together into words with times. One sequence.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whisper/transcriber.h"

namespace parley::whisper {

class WordBuilder {
 public:
  // `samples` is the length of the audio. Languages written without spaces get a word for each
  // token that ends on a whole character; the others one for each stretch without a space.
  WordBuilder(std::string_view language, int64_t samples);

  // The next token: its bytes (a part of a character is allowed), the sample at which it begins to
  // be heard, and its probability.
  void Add(std::string_view bytes, int64_t sample, float probability);

  // Each word ends where the next begins, or sooner: the model knows when a word begins, not when
  // it ends, so 60 ms and 90 ms a letter are taken for it. Bytes that are no UTF-8 are dropped.
  std::vector<HeardWord> Finish() &&;

 private:
  bool StartsWord(std::string_view bytes) const;

  const bool spaced_;
  const int64_t samples_;
  std::vector<HeardWord> words_;
  int tokens_ = 0;  // of the last word
};

}  // namespace parley::whisper
