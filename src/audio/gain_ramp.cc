#include "audio/gain_ramp.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "audio/pcm.h"

namespace parley::audio {
namespace {

template <class T>
T Scaled(T sample, float gain) noexcept {
  if constexpr (std::is_integral_v<T>) {
    const float value = std::nearbyint(static_cast<float>(sample) * gain);
    return static_cast<T>(std::clamp(value, -32768.0f, 32767.0f));
  } else {
    return sample * gain;
  }
}

}  // namespace

void GainRamp::SetTarget(float gain_db, int ramp_ms) noexcept {
  target_db_ = gain_db;
  left_samples_ = SamplesOfMs(ramp_ms, sample_rate_hz_);
  if (left_samples_ <= 0) {
    gain_db_ = gain_db;
    gain_ = AmplitudeFromDb(gain_db);
    left_samples_ = 0;
    return;
  }
  factor_ = AmplitudeFromDb((target_db_ - gain_db_) / static_cast<float>(left_samples_));
}

float GainRamp::Next() noexcept {
  if (left_samples_ == 0) return gain_;
  gain_db_ += (target_db_ - gain_db_) / static_cast<float>(left_samples_);
  gain_ *= factor_;
  if (--left_samples_ == 0) {
    gain_db_ = target_db_;
    gain_ = AmplitudeFromDb(target_db_);
  }
  return gain_;
}

template <class T>
void GainRamp::ApplyTo(std::span<T> samples) noexcept {
  if (left_samples_ == 0 && gain_ == 1.0f) return;
  for (T& sample : samples) sample = Scaled(sample, Next());
}

void GainRamp::Apply(std::span<int16_t> samples) noexcept { ApplyTo(samples); }
void GainRamp::Apply(std::span<float> samples) noexcept { ApplyTo(samples); }

}  // namespace parley::audio
