// What the end-of-turn model looks at: the log-mel picture of the last 8 s of the caller's sound,
// as Whisper's front end makes it (Radford et al., 2022, §2.2), with one addition: the samples are
// brought to zero mean and unit variance first.
//
// Immutable tables, thread-safe; a call allocates its own working memory. About 4 ms.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace parley::perception {

class TurnFeatures {
 public:
  static constexpr int kSampleRateHz = 16000;
  static constexpr size_t kSamples = 8 * kSampleRateHz;
  static constexpr size_t kBands = 80;
  static constexpr size_t kFrames = 800;

  TurnFeatures();
  ~TurnFeatures();

  // `audio`: the newest samples, in [-1, 1]; of more than kSamples the last count, fewer are
  // preceded by silence. `features`: kBands × kFrames, row major, band by band, 10 ms a frame, the
  // newest last; (log10 of power + 4) / 4, floored 2 under the loudest.
  void Compute(std::span<const float> audio, std::span<float> features) const;

 private:
  struct Tables;
  const std::unique_ptr<const Tables> tables_;
};

}  // namespace parley::perception
