// Brings a voice to a target loudness by a slow gain, so that two voices, or two engines, sound
// equally loud.
//
// Measured as in ITU-R BS.1770 (libebur128: K-weighting, one channel), every 100 ms over the last
// 400 ms; the loudness of the voice is the mean power of the last 30 such values that pass an
// absolute gate (−50 LUFS) and a relative one (10 LU below the mean): 3 s of speech, pauses left
// out. The gain goes towards target − loudness at `slew_db_per_s` while there is speech and rests
// in pauses. It may lift peaks over full scale: audio/limiter.h stands behind it.
//
// The gain outlives utterances: pass the last one as `gain_db` to the next, or to another worker
// that goes on with the same voice. No delay. One sequence. Process: noexcept, no allocation.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "audio/gain_ramp.h"
#include "base/result.h"

namespace parley::audio {

class LoudnessNormalizer {
 public:
  struct Config {
    int sample_rate_hz = 22050;  // 8000…192000
    float target_lufs = -20.0f;  // −40…−10
    float gain_db = 0.0f;        // to begin with: learnt when the voice was warmed up
    float gain_db_min = -20.0f;  // −40…0
    float gain_db_max = 20.0f;   // 0…40: more lifts the noise of a broken voice
    float slew_db_per_s = 4.0f;  // 0.5…40: faster pumps, slower starts wrong for longer

    Status Validate() const;
  };

  static Result<std::unique_ptr<LoudnessNormalizer>> Create(const Config& config);
  ~LoudnessNormalizer();

  // In place.
  void Process(std::span<float> samples) noexcept;
  // Forgets what was measured; the gain becomes `gain_db`.
  void Reset(float gain_db) noexcept;

  float gain_db() const noexcept { return ramp_.gain_db(); }
  // Of the voice as it came in; −infinity before there was any speech.
  double loudness_lufs() const noexcept;

 private:
  struct Meter;

  LoudnessNormalizer(const Config& config, std::unique_ptr<Meter> meter);
  void Measure() noexcept;

  static constexpr size_t kValues = 30;
  const Config config_;
  const size_t step_samples_;
  const std::unique_ptr<Meter> meter_;
  GainRamp ramp_;
  size_t step_filled_ = 0;
  size_t steps_ = 0;
  std::array<double, kValues> powers_{};  // ring of momentary values that passed the absolute gate
  size_t powers_total_ = 0;
};

}  // namespace parley::audio
