// Which words of a growing transcript will stay: those on which two successive passes agree. One
// sequence.
#pragma once

#include <string>
#include <vector>

#include "whisper/transcriber.h"

namespace parley::whisper {

class Agreement {
 public:
  // Takes the words of the next pass, in samples of one count throughout, and returns what to show:
  // the words that are settled, as they were first settled, then the newest for the rest.
  std::vector<HeardWord> Update(std::vector<HeardWord> words);

  // So many words at the front of what Update returned never change any more.
  size_t stable() const { return stable_.size(); }

 private:
  std::vector<HeardWord> stable_;
  std::vector<HeardWord> tail_;  // of the last pass
};

}  // namespace parley::whisper
