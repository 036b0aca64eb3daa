// A look-ahead peak limiter: no output sample is above the ceiling, and the gain moves smoothly, so
// that what is limited does not crackle.
//
// For each sample the gain that would bring it to the ceiling is taken; the minimum over the
// look-ahead, an exponential release, then the mean over the same look-ahead. Each averaged value
// is ≤ the need of the sample that leaves, so the ceiling holds exactly (sample peaks; peaks
// between samples may be up to about 0.5 dB higher). Sound that stays under the ceiling passes bit
// for bit.
//
// Delays by latency_samples(). One sequence. Process and Reset: noexcept, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace parley::audio {

class Limiter {
 public:
  struct Config {
    int sample_rate_hz = 48000;
    float ceiling_dbfs = -1.0f;  // −24…0
    float lookahead_ms = 2.0f;   // 0.5…10: longer is smoother and later
    float release_ms = 60.0f;    // 5…1000: time constant of the way back to no reduction

    Status Validate() const;
  };

  static Result<std::unique_ptr<Limiter>> Create(const Config& config);

  // In place.
  void Process(std::span<float> samples) noexcept;
  void Reset() noexcept;
  size_t latency_samples() const noexcept { return window_ - 1; }
  // The reduction of the newest sample, ≤ 0.
  float gain_db() const noexcept;

 private:
  struct Need {
    uint64_t index = 0;
    float gain = 1.0f;
  };

  explicit Limiter(const Config& config);
  float ProcessOne(float sample) noexcept;
  float WindowMin(float need) noexcept;

  const size_t window_;  // look-ahead in samples, + 1
  const float ceiling_;
  const float release_;
  std::vector<float> delayed_;  // the last window_ samples
  std::vector<float> gains_;    // their released gains
  std::vector<Need> minima_;    // ring: gains that may become the window's minimum, rising
  size_t minima_begin_ = 0;
  size_t minima_count_ = 0;
  uint64_t index_ = 0;
  float released_ = 1.0f;
  double gain_sum_ = 0.0;
  float gain_ = 1.0f;
};

}  // namespace parley::audio
