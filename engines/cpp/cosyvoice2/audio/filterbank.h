// Triangular filters that gather a spectrum's bins into bands of the mel scale. Pure, immutable.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace parley::cosyvoice2 {

// weights[band][bin].
struct Filterbank {
  size_t bands = 0;
  size_t bins = 0;
  std::vector<float> weights;

  // bands[i] = Σ weights[i][bin] · spectrum[bin]; bins of weight 0 are passed over.
  void Apply(std::span<const double> spectrum, std::span<double> out) const;
};

// Slaney's scale (linear below 1 kHz) and area-normalized triangles: librosa.filters.mel.
// bins = fft / 2 + 1.
Filterbank SlaneyFilterbank(int sample_rate_hz, size_t fft, size_t bands, double low_hz,
                            double high_hz);

// Kaldi's: 1127 ln(1 + f / 700), triangles of height 1 that are straight on the mel scale; the bin
// of half the sample rate has weight 0.
Filterbank KaldiFilterbank(int sample_rate_hz, size_t fft, size_t bands, double low_hz,
                           double high_hz);

}  // namespace parley::cosyvoice2
