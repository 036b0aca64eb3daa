// Where in a piece of audio somebody may be speaking, by loudness alone. Pure.
#pragma once

#include <cstdint>
#include <span>

namespace parley::whisper {

struct SpeechSpan {
  int64_t from_sample = 0;  // from ≤ upto; both 0 when nothing is loud enough
  int64_t upto_sample = 0;
  int loud_ms = 0;         // of it, how long it was loud
  float peak_dbfs = -120;  // the loudest 20 ms
};

// Audio at 16 kHz without the quiet before and after: 20 ms windows louder than −55 dBFS and than
// 35 dB below the loudest one, with 200 ms before the first and 300 ms after the last.
SpeechSpan FindSpeech(std::span<const float> pcm);

}  // namespace parley::whisper
