// One pass of a recognizer over a piece of audio. WhisperModel lends the real ones; the tests have
// one that hears what they say.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace parley::whisper {

// Samples count from the start of the audio given.
struct HeardWord {
  std::string text;    // without spaces around
  bool glued = false;  // no space before it
  int64_t from_sample = 0;
  int64_t upto_sample = 0;
  float confidence = 0;  // 0 to 1
};

struct PassRequest {
  std::span<const float> pcm;     // 16 kHz mono in [−1, 1], at most 30 s
  std::string language;           // Whisper's code, "en"; empty: recognize it
  bool translate = false;         // into English
  int context_floor = 0;          // limits.h
  bool urgent = false;            // a final: may use all threads
  std::function<bool()> aborted;  // asked between graph nodes, from any thread
};

struct Pass {
  bool aborted = false;  // then nothing else is filled in
  std::vector<HeardWord> words;
  std::string language;
  float no_speech = 0;     // the model's probability that nobody speaks
  float mean_logprob = 0;  // of the tokens, natural logarithm
  int audio_context = 0;   // positions that were computed
  bool repeated = false;   // it ran in circles even with more context; the circles are cut off
};

class Transcriber {
 public:
  virtual ~Transcriber() = default;
  virtual Result<Pass> Run(const PassRequest& request) = 0;
};

// The words as they would be written.
std::string Join(std::span<const HeardWord> words);

}  // namespace parley::whisper
