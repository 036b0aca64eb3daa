#include "audio/fade.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>

#include "audio/pcm.h"
#include "base/check.h"

namespace parley::audio {
namespace {

// Falls from just under 1 at 0 to 0 at the last step.
float Falling(size_t index, size_t count) noexcept {
  const double phase = static_cast<double>(index + 1) / static_cast<double>(count);
  return static_cast<float>(0.5 * (1.0 + std::cos(std::numbers::pi * phase)));
}

template <class T>
T Scaled(T sample, float gain) noexcept {
  if constexpr (std::is_integral_v<T>) {
    const float value = std::nearbyint(static_cast<float>(sample) * gain);
    return static_cast<T>(std::clamp(value, -32768.0f, 32767.0f));
  } else {
    return sample * gain;
  }
}

template <class T>
void FadeOut(std::span<const T> in, std::span<T> out, size_t fade_samples) noexcept {
  PARLEY_CHECK(in.size() == out.size());
  const size_t count = std::min(fade_samples, in.size());
  for (size_t i = 0; i < count; ++i) out[i] = Scaled(in[i], Falling(i, count));
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(count), out.end(), T{});
}

template <class T>
void FadeIn(std::span<const T> in, std::span<T> out, size_t fade_samples) noexcept {
  PARLEY_CHECK(in.size() == out.size());
  const size_t count = std::min(fade_samples, in.size());
  for (size_t i = 0; i < count; ++i) out[i] = Scaled(in[i], Falling(count - 1 - i, count));
  std::copy(in.begin() + static_cast<std::ptrdiff_t>(count), in.end(),
            out.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

void FadeOutCopy(std::span<const int16_t> in, std::span<int16_t> out, size_t n) noexcept {
  FadeOut(in, out, n);
}
void FadeOutCopy(std::span<const float> in, std::span<float> out, size_t n) noexcept {
  FadeOut(in, out, n);
}
void FadeInCopy(std::span<const int16_t> in, std::span<int16_t> out, size_t n) noexcept {
  FadeIn(in, out, n);
}
void FadeInCopy(std::span<const float> in, std::span<float> out, size_t n) noexcept {
  FadeIn(in, out, n);
}

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
