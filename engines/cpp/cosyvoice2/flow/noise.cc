#include "cosyvoice2/flow/noise.h"

#include <array>
#include <cmath>
#include <numbers>
#include <random>

namespace parley::cosyvoice2 {

std::vector<float> MakeFlowNoise() {
  constexpr int64_t kChannels = 80;
  constexpr int64_t kBlock = 16;
  std::mt19937 random(0);
  std::vector<float> noise(static_cast<size_t>(kChannels * kNoiseFrames));
  std::array<float, kBlock> uniform;
  // The buffer is filled channel after channel.
  for (int64_t first = 0; first < kChannels * kNoiseFrames; first += kBlock) {
    for (float& u : uniform) u = static_cast<float>(random() & 0xffffff) * 0x1.0p-24f;
    const auto put = [&](int64_t index, float value) {
      noise[index % kNoiseFrames * kChannels + index / kNoiseFrames] = value;
    };
    for (int64_t j = 0; j < kBlock / 2; ++j) {
      const float radius = std::sqrt(-2.0f * std::log(1.0f - uniform[j]));
      const float angle = 2.0f * std::numbers::pi_v<float> * uniform[j + kBlock / 2];
      put(first + j, radius * std::cos(angle));
      put(first + j + kBlock / 2, radius * std::sin(angle));
    }
  }
  return noise;
}

}  // namespace parley::cosyvoice2
