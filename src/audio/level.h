// How loud a sound is, in the plain sense of RMS and peak against full scale (a full-scale sine has
// −3 dBFS). What an ear thinks of it is audio/loudness.h.
//
// noexcept, no allocation. Functions: any thread; classes: one sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::audio {

// audio::kSilenceDbfs (−120) for nothing or digital silence.
float RmsDbfs(std::span<const float> samples) noexcept;
float RmsDbfs(std::span<const int16_t> samples) noexcept;
float PeakDbfs(std::span<const float> samples) noexcept;

// The course of a sound's level: one RMS amplitude in [0, 1] a step (10 ms by default). The echo
// estimator correlates two of these.
class Envelope {
 public:
  explicit Envelope(int sample_rate_hz, int step_ms = 10);

  // Writes the steps that `in` completes to `out`, which must hold StepsMax(in.size()); the number
  // written. What is over waits for the next call.
  size_t Process(std::span<const float> in, std::span<float> out) noexcept;
  size_t StepsMax(size_t in_samples) const noexcept { return in_samples / step_samples_ + 1; }
  void Reset() noexcept;

 private:
  const size_t step_samples_;
  size_t filled_ = 0;
  double energy_ = 0.0;
};

}  // namespace parley::audio
