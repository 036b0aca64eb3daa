// Changes of level without a click, for ducking.
//
// noexcept, no allocation, no lock. One sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::audio {

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
