#include "cosyvoice2/audio/resample.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>

#include "base/check.h"

namespace parley::cosyvoice2 {
namespace {

constexpr double kZeroCrossings = 6.0;
constexpr double kRolloff = 0.99;

struct Filter {
  int64_t width = 0;           // taps before the sample at which a phase stands
  int64_t taps = 0;            // of one phase
  std::vector<float> weights;  // [phase][tap]
};

double SincUnderCosine(double t) {
  constexpr double kPi = std::numbers::pi;
  const double cosine = std::cos(kPi * t / (2.0 * kZeroCrossings));
  const double sinc = t == 0 ? 1.0 : std::sin(kPi * t) / (kPi * t);
  return sinc * cosine * cosine;
}

// `from` and `to` without a common divisor.
Filter MakeFilter(int64_t from, int64_t to) {
  const double base = static_cast<double>(std::min(from, to)) * kRolloff;
  Filter filter;
  filter.width = static_cast<int64_t>(std::ceil(kZeroCrossings * static_cast<double>(from) / base));
  filter.taps = 2 * filter.width + from;
  filter.weights.reserve(static_cast<size_t>(to * filter.taps));
  for (int64_t phase = 0; phase < to; ++phase) {
    for (int64_t tap = 0; tap < filter.taps; ++tap) {
      const double at = -static_cast<double>(phase) / static_cast<double>(to) +
                        static_cast<double>(tap - filter.width) / static_cast<double>(from);
      const double t = std::clamp(at * base, -kZeroCrossings, kZeroCrossings);
      const double weight = SincUnderCosine(t) * base / static_cast<double>(from);
      filter.weights.push_back(static_cast<float>(weight));
    }
  }
  return filter;
}

}  // namespace

std::vector<float> ResampleAsTorchaudio(std::span<const float> samples, int from_hz, int to_hz) {
  PARLEY_CHECK(from_hz > 0 && to_hz > 0);
  if (from_hz == to_hz) return {samples.begin(), samples.end()};
  const int64_t divisor = std::gcd(from_hz, to_hz);
  const int64_t from = from_hz / divisor;
  const int64_t to = to_hz / divisor;
  const Filter filter = MakeFilter(from, to);
  const auto size = static_cast<int64_t>(samples.size());
  std::vector<float> out(static_cast<size_t>((to * size + from - 1) / from));
  for (int64_t i = 0; i < static_cast<int64_t>(out.size()); ++i) {
    const float* weights = filter.weights.data() + (i % to) * filter.taps;
    const int64_t begin = i / to * from - filter.width;  // outside of the samples is silence
    const int64_t first = std::max<int64_t>(0, -begin);
    const int64_t last = std::min(filter.taps, size - begin);
    double sum = 0;
    for (int64_t tap = first; tap < last; ++tap) {
      sum += static_cast<double>(weights[tap]) * samples[static_cast<size_t>(begin + tap)];
    }
    out[static_cast<size_t>(i)] = static_cast<float>(sum);
  }
  return out;
}

}  // namespace parley::cosyvoice2
