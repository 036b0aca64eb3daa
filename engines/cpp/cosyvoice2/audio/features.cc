#include "cosyvoice2/audio/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "cosyvoice2/audio/filterbank.h"
#include "cosyvoice2/audio/real_fft.h"
#include "cosyvoice2/audio/windows.h"

namespace parley::cosyvoice2 {
namespace {

constexpr int kRate16k = 16'000;
constexpr int kRate24k = 24'000;

tl::unexpected<Error> TooShort(std::string_view what, size_t samples, size_t least) {
  return Fail(
      Code::kInvalidArgument,
      fmt::format("{} samples are too few for {}: at least {} are needed", samples, what, least));
}

// The sample at `index`, which may lie beyond an end by less than the length: reflected there, the
// end itself not repeated.
double Reflected(std::span<const float> samples, int64_t index) {
  const auto size = static_cast<int64_t>(samples.size());
  if (index < 0) index = -index;
  if (index >= size) index = 2 * (size - 1) - index;
  return samples[static_cast<size_t>(index)];
}

// Windowed frames of a sound that is reflected at its ends, to power spectra.
class ReflectedFrames {
 public:
  ReflectedFrames(std::span<const float> samples, size_t size, size_t padding)
      : samples_(samples),
        window_(PeriodicHann(size)),
        padding_(static_cast<int64_t>(padding)),
        fft_(size),
        frame_(size) {}

  size_t bins() const { return fft_.bins(); }

  // Of the frame that begins at sample `begin` of the padded sound.
  void Power(size_t begin, std::span<double> power) {
    const int64_t first = static_cast<int64_t>(begin) - padding_;
    for (size_t i = 0; i < frame_.size(); ++i) {
      frame_[i] = window_[i] * Reflected(samples_, first + static_cast<int64_t>(i));
    }
    fft_.Power(frame_, power);
  }

 private:
  std::span<const float> samples_;
  const std::vector<double> window_;
  const int64_t padding_;
  RealFft fft_;
  std::vector<double> frame_;
};

}  // namespace

Result<Spectrogram> WhisperLogMel(std::span<const float> samples_16k) {
  constexpr size_t kFft = 400;
  constexpr size_t kHop = 160;
  constexpr size_t kBands = 128;
  constexpr double kFloor = 1e-10;
  constexpr double kRange = 8.0;  // log10 below the loudest
  if (samples_16k.size() <= kFft / 2) {
    return TooShort("Whisper's log-mel spectrogram", samples_16k.size(), kFft / 2 + 1);
  }
  static const Filterbank bank = SlaneyFilterbank(kRate16k, kFft, kBands, 0, kRate16k / 2);
  ReflectedFrames frames(samples_16k, kFft, kFft / 2);
  Spectrogram mel{samples_16k.size() / kHop, kBands, {}};
  mel.values.resize(mel.frames * kBands);
  std::vector<double> power(frames.bins());
  std::vector<double> bands(kBands);
  double loudest = -std::numeric_limits<double>::infinity();
  for (size_t frame = 0; frame < mel.frames; ++frame) {
    frames.Power(frame * kHop, power);
    bank.Apply(power, bands);
    for (size_t band = 0; band < kBands; ++band) {
      const double value = std::log10(std::max(bands[band], kFloor));
      loudest = std::max(loudest, value);
      mel.values[band * mel.frames + frame] = static_cast<float>(value);
    }
  }
  for (float& value : mel.values) {
    value = static_cast<float>((std::max<double>(value, loudest - kRange) + 4.0) / 4.0);
  }
  return mel;
}

Result<Spectrogram> KaldiFbank(std::span<const float> samples_16k) {
  constexpr size_t kFrame = 400;
  constexpr size_t kHop = 160;
  constexpr size_t kFft = 512;
  constexpr size_t kBands = 80;
  constexpr double kPreemphasis = 0.97;
  constexpr double kLowHz = 20.0;
  constexpr double kFloor = std::numeric_limits<float>::epsilon();
  if (samples_16k.size() < kFrame) {
    return TooShort("a filterbank frame", samples_16k.size(), kFrame);
  }
  static const Filterbank bank = KaldiFilterbank(kRate16k, kFft, kBands, kLowHz, kRate16k / 2);
  static const std::vector<double> window = Povey(kFrame);
  RealFft fft(kFft);
  Spectrogram fbank{(samples_16k.size() - kFrame) / kHop + 1, kBands, {}};
  fbank.values.resize(fbank.frames * kBands);
  std::vector<double> frame(kFrame);
  std::vector<double> power(fft.bins());
  std::vector<double> bands(kBands);
  for (size_t index = 0; index < fbank.frames; ++index) {
    const std::span<const float> samples = samples_16k.subspan(index * kHop, kFrame);
    double mean = 0;
    for (const float sample : samples) mean += sample;
    mean /= kFrame;
    for (size_t i = kFrame; i-- > 0;) {
      const double before = samples[i == 0 ? 0 : i - 1] - mean;
      frame[i] = window[i] * (samples[i] - mean - kPreemphasis * before);
    }
    fft.Power(frame, power);
    bank.Apply(power, bands);
    for (size_t band = 0; band < kBands; ++band) {
      fbank.values[index * kBands + band] =
          static_cast<float>(std::log(std::max(bands[band], kFloor)));
    }
  }
  return fbank;
}

void SubtractMean(Spectrogram& fbank) {
  for (size_t band = 0; band < fbank.bands; ++band) {
    double mean = 0;
    for (size_t frame = 0; frame < fbank.frames; ++frame) {
      mean += fbank.values[frame * fbank.bands + band];
    }
    mean /= static_cast<double>(fbank.frames);
    for (size_t frame = 0; frame < fbank.frames; ++frame) {
      float& value = fbank.values[frame * fbank.bands + band];
      value = static_cast<float>(value - mean);
    }
  }
}

Result<Spectrogram> FlowMel(std::span<const float> samples_24k) {
  constexpr size_t kFft = 1920;
  constexpr size_t kHop = 480;
  constexpr size_t kBands = 80;
  constexpr size_t kPadding = (kFft - kHop) / 2;
  constexpr double kHighHz = 8000.0;
  constexpr double kPowerFloor = 1e-9;
  constexpr double kFloor = 1e-5;
  if (samples_24k.size() <= kPadding) {
    return TooShort("the flow's mel spectrogram", samples_24k.size(), kPadding + 1);
  }
  static const Filterbank bank = SlaneyFilterbank(kRate24k, kFft, kBands, 0, kHighHz);
  ReflectedFrames frames(samples_24k, kFft, kPadding);
  Spectrogram mel{samples_24k.size() / kHop, kBands, {}};
  mel.values.resize(mel.frames * kBands);
  std::vector<double> spectrum(frames.bins());
  std::vector<double> bands(kBands);
  for (size_t frame = 0; frame < mel.frames; ++frame) {
    frames.Power(frame * kHop, spectrum);
    for (double& power : spectrum) power = std::sqrt(power + kPowerFloor);
    bank.Apply(spectrum, bands);
    for (size_t band = 0; band < kBands; ++band) {
      mel.values[frame * kBands + band] =
          static_cast<float>(std::log(std::max(bands[band], kFloor)));
    }
  }
  return mel;
}

}  // namespace parley::cosyvoice2
