#include "cosyvoice2/hift/vocoder_stream.h"

#include <algorithm>

#include "cosyvoice2/audio/windows.h"
#include "cosyvoice2/profile/profile.h"

namespace parley::cosyvoice2 {
namespace {

constexpr int64_t kHeldFrames = 8;
constexpr int64_t kHeldSamples = kHeldFrames * kFrameSamples;
constexpr double kHammingSum = 1.08;  // of the two halves of the window

template <class T>
std::vector<float> Last(const T& values, int64_t count) {
  const auto size = static_cast<int64_t>(values.size());
  return {values.begin() + std::max<int64_t>(0, size - count), values.end()};
}

}  // namespace

std::vector<float> VocoderStream::Source(std::span<const float> f0, SourcePhase& phase) const {
  const auto cached = static_cast<int64_t>(source_.size());
  SourceOptions options = {.first_sample = frames_ * kFrameSamples - cached};
  if (!options_.faithful) {
    options.phase = &phase;
    options.phase_frame = std::max<int64_t>(0, cached / kFrameSamples - 1);
  }
  std::vector<float> source = MakeSource(f0, hift_.source_mix(), noise_, options);
  // A call's last half frame stands still in its phase, for want of a frame to go on to.
  const int64_t kept =
      options_.faithful ? cached : std::max<int64_t>(0, cached - kFrameSamples / 2);
  std::copy_n(source_.begin(), kept, source.begin());
  return source;
}

void VocoderStream::Fade(std::span<float> sound) const {
  static const std::vector<double> window = Hamming(2 * kHeldSamples);
  const double sum = options_.faithful ? 1 : kHammingSum;
  for (int64_t i = 0; i < static_cast<int64_t>(sound_.size()); ++i) {
    sound[i] =
        static_cast<float>((sound[i] * window[i] + sound_[i] * window[kHeldSamples + i]) / sum);
  }
}

Result<std::vector<float>> VocoderStream::Next(nn::Executor& executor, std::span<const float> mel,
                                               bool final, Inside* inside) {
  std::vector<float> input = mel_;
  input.insert(input.end(), mel.begin(), mel.end());
  if (input.empty()) return std::vector<float>();
  const profile::Span span("vocoder", static_cast<int64_t>(input.size()) / kMelChannels);
  PARLEY_TRY(const std::vector<float> f0, hift_.PredictF0(executor, input));
  SourcePhase phase = phase_;
  std::vector<float> source = Source(f0, phase);
  PARLEY_TRY(std::vector<float> sound, hift_.Decode(executor, input, source));
  if (inside != nullptr) *inside = {input, source, sound};
  Fade(sound);
  frames_ += static_cast<int64_t>(mel.size()) / kMelChannels;
  phase_ = phase;
  if (final) return sound;
  mel_ = Last(input, kHeldFrames * kMelChannels);
  source_ = Last(source, kHeldSamples);
  sound_ = Last(sound, kHeldSamples);
  sound.resize(sound.size() - sound_.size());
  return sound;
}

}  // namespace parley::cosyvoice2
