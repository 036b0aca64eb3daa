// Changes of level without a click: ends, beginnings, and ducking.
//
// noexcept, no allocation, no lock. Functions: any thread; GainRamp: one sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::audio {

inline constexpr int kFadeMs = 5;

// Copies `in` to `out` (same length); the first `fade_samples` of the copy fall to silence along a
// raised cosine, the rest is silent. The input stays as it was, so that playing can resume with it,
// nothing lost. A block shorter than the fade falls faster and still ends in silence.
void FadeOutCopy(std::span<const int16_t> in, std::span<int16_t> out, size_t fade_samples) noexcept;
void FadeOutCopy(std::span<const float> in, std::span<float> out, size_t fade_samples) noexcept;

// The same upwards: the first `fade_samples` rise from silence, the rest is unchanged.
void FadeInCopy(std::span<const int16_t> in, std::span<int16_t> out, size_t fade_samples) noexcept;
void FadeInCopy(std::span<const float> in, std::span<float> out, size_t fade_samples) noexcept;

// A gain that moves to its target in a straight line of decibels.
class GainRamp {
 public:
  explicit GainRamp(int sample_rate_hz) : sample_rate_hz_(sample_rate_hz) {}

  // From the next sample on, reaches `gain_db` within `ramp_ms`. 0 ms: at once.
  void SetTarget(float gain_db, int ramp_ms) noexcept;
  void Apply(std::span<int16_t> samples) noexcept;
  void Apply(std::span<float> samples) noexcept;
  float gain_db() const noexcept { return gain_db_; }

 private:
  template <class T>
  void ApplyTo(std::span<T> samples) noexcept;
  float Next() noexcept;

  const int sample_rate_hz_;
  float gain_db_ = 0.0f;
  float target_db_ = 0.0f;
  float gain_ = 1.0f;
  float factor_ = 1.0f;  // of the gain, a sample
  int64_t left_samples_ = 0;
};

}  // namespace parley::audio
