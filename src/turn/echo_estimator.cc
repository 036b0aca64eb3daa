#include "turn/echo_estimator.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace parley::turn {
namespace {

// A curve that varies less than this (dB, standard deviation) says nothing.
constexpr double kFlatDb = 3;
// A piece may come so much earlier or later than it was spoken.
constexpr int64_t kJitterSteps = 5;

}  // namespace

template <class Sample>
void EchoEstimator::Add(Curve& curve, int64_t at_us, std::span<const Sample> samples, int rate_hz,
                        float full_scale) {
  const int step_samples = rate_hz * kStepMs / 1000;
  if (step_samples == 0 || at_us < 0) return;
  const int64_t at = (at_us + kStepUs / 2) / kStepUs;
  if (curve.filling < 0 || std::abs(at - curve.filling) > kJitterSteps) {
    curve.filling = at;
    curve.power = 0;
    curve.samples = 0;
  }
  for (const Sample sample : samples) {
    const double value = static_cast<double>(sample) / static_cast<double>(full_scale);
    curve.power += value * value;
    if (++curve.samples < step_samples) continue;
    const double mean = curve.power / step_samples;
    curve.Put(curve.filling++,
              std::max(kFloorDb, static_cast<float>(10 * std::log10(mean + 1e-12))));
    curve.power = 0;
    curve.samples = 0;
  }
}

void EchoEstimator::AddUplink(int64_t at_us, std::span<const float> samples, int rate_hz) {
  Add(uplink_, at_us, samples, rate_hz, 1.0f);
}

void EchoEstimator::AddPlayed(int64_t at_us, std::span<const int16_t> samples, int rate_hz) {
  Add(played_, at_us, samples, rate_hz, 32768.0f);
}

void EchoEstimator::DropPlayed(int64_t from_us) {
  for (int64_t& step : played_.step) {
    if (step * kStepUs >= from_us) step = -1;
  }
}

std::optional<EchoEstimator::Evidence> EchoEstimator::Judge(int64_t from_us,
                                                            int64_t upto_us) const {
  const int64_t upto = upto_us / kStepUs;
  const int64_t from = std::max({from_us / kStepUs, upto - kSpanMaxMs / kStepMs, int64_t{0}});
  const auto count = static_cast<double>(upto - from);
  if (count < kSpanMinMs / kStepMs) return std::nullopt;
  double sum_u = 0;
  double squares_u = 0;
  for (int64_t step = from; step < upto; ++step) {
    const double u = uplink_.At(step);
    sum_u += u;
    squares_u += u * u;
  }
  const double spread_u = squares_u - sum_u * sum_u / count;
  const double flat = kFlatDb * kFlatDb * count;
  if (spread_u < flat) return std::nullopt;
  std::optional<Evidence> best;
  for (int lag = 0; lag <= kLagMaxMs / kStepMs && lag <= from; ++lag) {
    double sum_p = 0;
    double squares_p = 0;
    double product = 0;
    for (int64_t step = from; step < upto; ++step) {
      const double p = played_.At(step - lag);
      sum_p += p;
      squares_p += p * p;
      product += p * static_cast<double>(uplink_.At(step));
    }
    const double spread_p = squares_p - sum_p * sum_p / count;
    if (spread_p < flat) continue;
    const double r = (product - sum_u * sum_p / count) / std::sqrt(spread_u * spread_p);
    const auto correlation = static_cast<float>(std::clamp(r, 0.0, 1.0));
    if (!best || correlation > best->correlation) best = {correlation, lag * kStepMs};
  }
  return best;
}

}  // namespace parley::turn
