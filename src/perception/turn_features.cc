#include "perception/turn_features.h"

#include <kiss_fftr.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace parley::perception {
namespace {

constexpr size_t kFft = 400;
constexpr size_t kHop = 160;
constexpr size_t kBins = kFft / 2 + 1;
constexpr double kVarianceFloor = 1e-7;
constexpr float kPowerFloor = 1e-10f;
constexpr double kHighestHz = 8000.0;

// Slaney's mel scale (Auditory Toolbox, 1998): linear under 1 kHz, logarithmic above.
constexpr double kLinearHzPerMel = 200.0 / 3.0;
constexpr double kBreakHz = 1000.0;
constexpr double kBreakMel = kBreakHz / kLinearHzPerMel;
const double kLogStep = std::log(6.4) / 27.0;

double MelFromHz(double hz) {
  return hz < kBreakHz ? hz / kLinearHzPerMel : kBreakMel + std::log(hz / kBreakHz) / kLogStep;
}

double HzFromMel(double mel) {
  return mel < kBreakMel ? mel * kLinearHzPerMel
                         : kBreakHz * std::exp(kLogStep * (mel - kBreakMel));
}

// A triangle over the FFT's bins, of area 1 in Hz; only the bins where it is not 0.
struct Band {
  size_t first_bin = 0;
  std::vector<float> weights;
};

std::vector<Band> MakeBands() {
  std::array<double, TurnFeatures::kBands + 2> edges_hz{};
  const double mel_max = MelFromHz(kHighestHz);
  for (size_t i = 0; i < edges_hz.size(); ++i) {
    edges_hz[i] = HzFromMel(mel_max * static_cast<double>(i) / (TurnFeatures::kBands + 1));
  }
  std::vector<Band> bands(TurnFeatures::kBands);
  for (size_t b = 0; b < bands.size(); ++b) {
    const double low = edges_hz[b];
    const double middle = edges_hz[b + 1];
    const double high = edges_hz[b + 2];
    for (size_t bin = 0; bin < kBins; ++bin) {
      const double hz = static_cast<double>(bin) * TurnFeatures::kSampleRateHz / kFft;
      const double height = std::min((hz - low) / (middle - low), (high - hz) / (high - middle));
      if (height <= 0.0) continue;
      if (bands[b].weights.empty()) bands[b].first_bin = bin;
      bands[b].weights.push_back(static_cast<float>(height * 2.0 / (high - low)));
    }
  }
  return bands;
}

// The last 8 s, silence before, normalized, and mirrored by half a window at both ends.
std::vector<float> Prepare(std::span<const float> audio) {
  constexpr size_t kPad = kFft / 2;
  audio = audio.last(std::min(audio.size(), TurnFeatures::kSamples));
  double sum = 0.0;
  for (const float sample : audio) sum += sample;
  const double mean = sum / TurnFeatures::kSamples;
  const size_t silent = TurnFeatures::kSamples - audio.size();
  double squares = static_cast<double>(silent) * mean * mean;
  for (const float sample : audio) squares += (sample - mean) * (sample - mean);
  const double scale = 1.0 / std::sqrt(squares / TurnFeatures::kSamples + kVarianceFloor);
  std::vector<float> padded(TurnFeatures::kSamples + 2 * kPad);
  const auto body = std::span(padded).subspan(kPad, TurnFeatures::kSamples);
  std::fill_n(body.begin(), silent, static_cast<float>(-mean * scale));
  for (size_t i = 0; i < audio.size(); ++i) {
    body[silent + i] = static_cast<float>((audio[i] - mean) * scale);
  }
  for (size_t i = 0; i < kPad; ++i) {
    padded[kPad - 1 - i] = body[i + 1];
    padded[kPad + TurnFeatures::kSamples + i] = body[TurnFeatures::kSamples - 2 - i];
  }
  return padded;
}

}  // namespace

struct TurnFeatures::Tables {
  struct FreeFft {
    void operator()(kiss_fftr_state* state) const { kiss_fftr_free(state); }
  };
  std::vector<Band> bands = MakeBands();
  std::array<float, kFft> window{};

  Tables() {
    for (size_t i = 0; i < kFft; ++i) {
      window[i] = static_cast<float>(
          0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(i) / kFft));
    }
  }
};

TurnFeatures::TurnFeatures() : tables_(std::make_unique<const Tables>()) {}
TurnFeatures::~TurnFeatures() = default;

void TurnFeatures::Compute(std::span<const float> audio, std::span<float> features) const {
  PARLEY_CHECK(features.size() == kBands * kFrames);
  const std::vector<float> padded = Prepare(audio);
  // The transform's scratch memory is part of its plan, so each call has its own.
  const std::unique_ptr<kiss_fftr_state, Tables::FreeFft> fft(
      kiss_fftr_alloc(kFft, 0, nullptr, nullptr));
  PARLEY_CHECK(fft != nullptr);
  std::array<float, kFft> windowed{};
  std::array<kiss_fft_cpx, kBins> spectrum{};
  std::array<float, kBins> power{};
  float loudest = -10.0f;
  for (size_t frame = 0; frame < kFrames; ++frame) {
    const float* const at = padded.data() + frame * kHop;
    for (size_t i = 0; i < kFft; ++i) windowed[i] = at[i] * tables_->window[i];
    kiss_fftr(fft.get(), windowed.data(), spectrum.data());
    for (size_t bin = 0; bin < kBins; ++bin) {
      power[bin] = spectrum[bin].r * spectrum[bin].r + spectrum[bin].i * spectrum[bin].i;
    }
    for (size_t b = 0; b < kBands; ++b) {
      const Band& band = tables_->bands[b];
      float sum = 0.0f;
      for (size_t i = 0; i < band.weights.size(); ++i) {
        sum += band.weights[i] * power[band.first_bin + i];
      }
      const float value = std::log10(std::max(sum, kPowerFloor));
      features[b * kFrames + frame] = value;
      loudest = std::max(loudest, value);
    }
  }
  for (float& value : features) value = (std::max(value, loudest - 8.0f) + 4.0f) / 4.0f;
}

}  // namespace parley::perception
