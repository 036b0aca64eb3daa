// Cuts the silence before the first sound of an utterance: a voice that starts with 200 ms of
// nothing answers 200 ms late.
//
// Sound begins with the first 5 ms window whose RMS exceeds the threshold; a little before it is
// kept, since soft consonants begin below any threshold. At most `trim_ms_max` is cut: beyond, the
// silence is taken as meant.
//
// One sequence. Process, Flush and Reset: noexcept, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace parley::audio {

class SilenceTrimmer {
 public:
  struct Config {
    int sample_rate_hz = 22050;
    float threshold_dbfs = -50.0f;  // −90…−20: higher cuts soft beginnings
    int keep_ms = 15;               // 0…100 before the first window with sound
    int trim_ms_max = 1000;         // 0 (never cut) …10000

    Status Validate() const;
  };

  // The config must be valid.
  explicit SilenceTrimmer(const Config& config);

  // Writes what is not cut to `out`, which must hold in.size() + held_samples_max(); the number
  // written.
  size_t Process(std::span<const float> in, std::span<float> out) noexcept;
  // The end of a sound that never became loud: writes what is still held.
  size_t Flush(std::span<float> out) noexcept;
  void Reset() noexcept;

  // Whether the beginning is known: trimmed_samples() is then final.
  bool decided() const noexcept { return decided_; }
  int64_t trimmed_samples() const noexcept { return trimmed_samples_; }
  size_t held_samples_max() const noexcept { return held_.size(); }

 private:
  bool WindowHasSound() const noexcept;

  const size_t window_samples_;
  const size_t keep_samples_;
  const int64_t trim_samples_max_;
  const float threshold_energy_;  // of a window
  std::vector<float> held_;       // at most: what is kept, and the window being filled
  size_t held_count_ = 0;
  size_t window_fill_ = 0;
  int64_t trimmed_samples_ = 0;
  bool decided_ = false;
};

}  // namespace parley::audio
