#include "cosyvoice2/audio/filterbank.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace parley::cosyvoice2 {
namespace {

// Slaney, "Auditory Toolbox" (1998): 3 mels for 200 Hz up to 1 kHz, then 27 for a factor of 6.4.
constexpr double kLinearHzPerMel = 200.0 / 3.0;
constexpr double kLogFromHz = 1000.0;
constexpr double kLogFromMel = kLogFromHz / kLinearHzPerMel;

double SlaneyStep() { return std::log(6.4) / 27.0; }

double SlaneyFromHz(double hz) {
  if (hz < kLogFromHz) return hz / kLinearHzPerMel;
  return kLogFromMel + std::log(hz / kLogFromHz) / SlaneyStep();
}

double HzFromSlaney(double mel) {
  if (mel < kLogFromMel) return mel * kLinearHzPerMel;
  return kLogFromHz * std::exp(SlaneyStep() * (mel - kLogFromMel));
}

double KaldiFromHz(double hz) { return 1127.0 * std::log(1.0 + hz / 700.0); }
float KaldiFromHz(float hz) { return 1127.0F * std::log(1.0F + hz / 700.0F); }

// Rises from `left` to 1 at `middle`, falls to 0 at `right`.
template <class Number>
Number Triangle(Number at, Number left, Number middle, Number right) {
  const Number lower = std::min((at - left) / (middle - left), (right - at) / (right - middle));
  return std::max(Number{0}, lower);
}

// bands + 2 points at equal distances; the last is `high` to the bit, so that its bin has no
// weight.
std::vector<double> SlaneyPoints(double low, double high, size_t bands) {
  std::vector<double> points(bands + 2, high);
  const double step = (high - low) / static_cast<double>(bands + 1);
  for (size_t i = 0; i <= bands; ++i) points[i] = low + step * static_cast<double>(i);
  return points;
}

}  // namespace

void Filterbank::Apply(std::span<const double> spectrum, std::span<double> out) const {
  PARLEY_CHECK(spectrum.size() == bins && out.size() == bands);
  for (size_t band = 0; band < bands; ++band) {
    const float* row = weights.data() + band * bins;
    double sum = 0;
    for (size_t bin = 0; bin < bins; ++bin) {
      if (row[bin] != 0) sum += static_cast<double>(row[bin]) * spectrum[bin];
    }
    out[band] = sum;
  }
}

Filterbank SlaneyFilterbank(int sample_rate_hz, size_t fft, size_t bands, double low_hz,
                            double high_hz) {
  Filterbank bank{bands, fft / 2 + 1, {}};
  bank.weights.resize(bank.bands * bank.bins);
  std::vector<double> hz = SlaneyPoints(SlaneyFromHz(low_hz), SlaneyFromHz(high_hz), bands);
  for (double& point : hz) point = HzFromSlaney(point);
  for (size_t band = 0; band < bands; ++band) {
    const double scale = 2.0 / (hz[band + 2] - hz[band]);
    for (size_t bin = 0; bin < bank.bins; ++bin) {
      const double at = static_cast<double>(bin) * sample_rate_hz / static_cast<double>(fft);
      bank.weights[band * bank.bins + bin] =
          static_cast<float>(scale * Triangle(at, hz[band], hz[band + 1], hz[band + 2]));
    }
  }
  return bank;
}

Filterbank KaldiFilterbank(int sample_rate_hz, size_t fft, size_t bands, double low_hz,
                           double high_hz) {
  Filterbank bank{bands, fft / 2 + 1, {}};
  bank.weights.resize(bank.bands * bank.bins);
  // In float throughout, as the reference computes it: the rounding shows in the fifth decimal.
  const auto low = static_cast<float>(KaldiFromHz(low_hz));
  const auto step = static_cast<float>((KaldiFromHz(high_hz) - KaldiFromHz(low_hz)) /
                                       static_cast<double>(bands + 1));
  const auto bin_hz =
      static_cast<float>(static_cast<double>(sample_rate_hz) / static_cast<double>(fft));
  const auto point = [&](size_t i) { return low + static_cast<float>(i) * step; };
  for (size_t band = 0; band < bands; ++band) {
    for (size_t bin = 0; bin + 1 < bank.bins; ++bin) {
      const float at = KaldiFromHz(bin_hz * static_cast<float>(bin));
      bank.weights[band * bank.bins + bin] =
          Triangle(at, point(band), point(band + 1), point(band + 2));
    }
  }
  return bank;
}

}  // namespace parley::cosyvoice2
