// Live sample-rate conversion: float mono in blocks of any size, out as soon as it is determined.
// speexdsp's polyphase filter at quality 5 (1–2.5 ms of look-ahead; measured against soxr, which is
// better and delivers in bursts of 20–30 ms: audio/offline_resampler.h is for whole files).
//
// The filter's delay is compensated: output sample k stands at input time k × in_hz / out_hz, and
// after Flush() the total is exactly OutputSamples(total input). Equal rates pass through
// unchanged.
//
// One sequence. Process, Flush and Reset: noexcept, no allocation, no lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"

struct SpeexResamplerState_;

namespace parley::audio {

class Resampler {
 public:
  struct Config {
    int in_hz = 16000;   // 8000…48000
    int out_hz = 16000;  // 8000…48000
    int quality = 5;     // speexdsp's 0…10: a higher one costs time and look-ahead

    Status Validate() const;
  };
  struct Progress {
    size_t consumed = 0;  // samples taken from the input
    size_t produced = 0;  // samples written to the output
  };

  static Result<std::unique_ptr<Resampler>> Create(const Config& config);
  ~Resampler();
  Resampler(const Resampler&) = delete;
  Resampler& operator=(const Resampler&) = delete;

  // Takes all of `in` when `out` holds OutputSamplesMax(in.size()) or more; otherwise stops when
  // `out` is full.
  Progress Process(std::span<const float> in, std::span<float> out) noexcept;

  // Writes what the filter still holds, as if silence followed. Call until it returns 0 (once is
  // enough if `out` holds OutputSamplesMax(0)); then Reset() before the next sound.
  size_t Flush(std::span<float> out) noexcept;

  // As after Create: the next sample is the first of a new sound.
  void Reset() noexcept;

  // Bound of what one Process of `in_samples` (or Flush, with 0) can write.
  size_t OutputSamplesMax(size_t in_samples) const noexcept;
  // in_samples × out_hz / in_hz, rounded to nearest.
  int64_t OutputSamples(int64_t in_samples) const noexcept;
  // Input samples that must follow a sample before it comes out.
  int latency_in_samples() const noexcept { return latency_in_samples_; }
  int in_hz() const noexcept { return config_.in_hz; }
  int out_hz() const noexcept { return config_.out_hz; }

 private:
  Resampler(const Config& config, SpeexResamplerState_* state);
  Progress Convert(std::span<const float> in, std::span<float> out) noexcept;

  const Config config_;
  SpeexResamplerState_* const state_;  // null when the rates are equal
  const int latency_in_samples_;
  int64_t in_total_ = 0;
  int64_t out_total_ = 0;
  int flush_left_samples_;
};

}  // namespace parley::audio
