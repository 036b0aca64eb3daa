#include "cosyvoice2/testing/sounds.h"

#include <cmath>
#include <numbers>

namespace parley::cosyvoice2::testing {

audio::AudioClip VoiceLike(int sample_rate_hz, double speech_s, double silence_s, float amplitude) {
  audio::AudioClip clip;
  clip.sample_rate_hz = sample_rate_hz;
  const auto silence = static_cast<size_t>(silence_s * sample_rate_hz);
  const auto speech = static_cast<size_t>(speech_s * sample_rate_hz);
  clip.samples.assign(2 * silence + speech, 0.0F);
  double phase = 0;
  for (size_t i = 0; i < speech; ++i) {
    const double t = static_cast<double>(i) / sample_rate_hz;
    const double hz = 180 + 40 * std::sin(2 * std::numbers::pi * 3 * t);
    phase += 2 * std::numbers::pi * hz / sample_rate_hz;
    clip.samples[silence + i] = amplitude * static_cast<float>(std::sin(phase));
  }
  return clip;
}

}  // namespace parley::cosyvoice2::testing
