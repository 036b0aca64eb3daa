#include "whisper/limits.h"

#include <algorithm>

namespace parley::whisper {

int AudioContext(int samples, int floor) {
  constexpr int kSamplesPerPosition = kSampleRateHz / 50;
  constexpr int kMargin = 128;
  constexpr int kStep = 64;
  const int needed = (samples + kSamplesPerPosition - 1) / kSamplesPerPosition + kMargin;
  return std::clamp((needed + kStep - 1) / kStep * kStep, std::min(floor, kAudioContextMax),
                    kAudioContextMax);
}

int TokensMax(int samples) {
  constexpr int kTokensPerSecond = 6;
  return 8 + (samples * kTokensPerSecond + kSampleRateHz - 1) / kSampleRateHz;
}

int TokensPlausible(int samples) {
  constexpr int kTokensPerSecond = 5;
  return 3 + samples * kTokensPerSecond / kSampleRateHz;
}

}  // namespace parley::whisper
