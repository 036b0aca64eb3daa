#include "cosyvoice2/flow/sinusoids.h"

#include <cmath>

namespace parley::cosyvoice2 {

std::vector<float> PlaceCodes(int64_t keys, int64_t frames, int64_t width) {
  std::vector<float> codes(static_cast<size_t>((keys + frames - 1) * width));
  std::vector<float> rates(static_cast<size_t>(width / 2));
  for (int64_t m = 0; m < width / 2; ++m) {
    rates[m] = std::exp(static_cast<float>(2 * m) *
                        static_cast<float>(-std::log(10000.0) / static_cast<double>(width)));
  }
  for (int64_t n = 0; n < keys + frames - 1; ++n) {
    const auto distance = static_cast<float>(keys - 1 - n);
    for (int64_t m = 0; m < width / 2; ++m) {
      codes[n * width + 2 * m] = std::sin(distance * rates[m]);
      codes[n * width + 2 * m + 1] = std::cos(distance * rates[m]);
    }
  }
  return codes;
}

std::vector<float> TimeCode(float t) {
  constexpr int64_t kHalf = kTimeCodeWidth / 2;
  constexpr float kTimeScale = 1000;
  std::vector<float> values(kTimeCodeWidth);
  const auto rate = static_cast<float>(std::log(10000.0) / (kHalf - 1));
  for (int64_t k = 0; k < kHalf; ++k) {
    const float angle = kTimeScale * t * std::exp(static_cast<float>(k) * -rate);
    values[k] = std::sin(angle);
    values[kHalf + k] = std::cos(angle);
  }
  return values;
}

}  // namespace parley::cosyvoice2
