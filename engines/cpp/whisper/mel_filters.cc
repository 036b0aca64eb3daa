#include "whisper/mel_filters.h"

#include <algorithm>
#include <cmath>

namespace parley::whisper {
namespace {

constexpr double kNyquistHz = 8000.0;
// Slaney's scale: linear below 1 kHz, then logarithmic, 27 steps for each factor of 6.4.
constexpr double kLinearHzPerMel = 200.0 / 3.0;
constexpr double kBreakHz = 1000.0;
constexpr double kBreakMel = kBreakHz / kLinearHzPerMel;
const double kLogStep = std::log(6.4) / 27.0;

double MelOfHz(double hz) {
  return hz < kBreakHz ? hz / kLinearHzPerMel : kBreakMel + std::log(hz / kBreakHz) / kLogStep;
}

double HzOfMel(double mel) {
  return mel < kBreakMel ? mel * kLinearHzPerMel
                         : kBreakHz * std::exp(kLogStep * (mel - kBreakMel));
}

}  // namespace

std::vector<float> MelFilters(int mel_count) {
  std::vector<double> edge_hz(mel_count + 2);
  const double mel_max = MelOfHz(kNyquistHz);
  for (int i = 0; i < mel_count + 2; ++i) edge_hz[i] = HzOfMel(mel_max * i / (mel_count + 1));

  std::vector<float> filters(static_cast<size_t>(mel_count) * kFftBins);
  for (int mel = 0; mel < mel_count; ++mel) {
    const double low = edge_hz[mel], peak = edge_hz[mel + 1], high = edge_hz[mel + 2];
    const double scale = 2.0 / (high - low);
    for (int bin = 0; bin < kFftBins; ++bin) {
      const double hz = kNyquistHz * bin / (kFftBins - 1);
      const double height = std::min((hz - low) / (peak - low), (high - hz) / (high - peak));
      filters[static_cast<size_t>(mel) * kFftBins + bin] =
          static_cast<float>(scale * std::max(0.0, height));
    }
  }
  return filters;
}

}  // namespace parley::whisper
