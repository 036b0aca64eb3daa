// How long a model usually lets a listener wait between two pieces of audio, so that one that hangs
// is told from one that is slow. Pure; one sequence.
#pragma once

#include <algorithm>
#include <cstdint>

namespace parley::router {

class Pace {
 public:
  // A wait that ended with audio.
  void OnAudio(int64_t waited_us) {
    // Falls slowly and rises at once: what counts is the longest wait that is usual.
    usual_us_ = std::max<int64_t>(waited_us, usual_us_ - usual_us_ / 64);
    known_ = std::min(known_ + 1, kEnough);
  }
  // After so long without audio it hangs.
  int64_t HangUs(int64_t least_us, int64_t unknown_us) const {
    if (known_ < kEnough) return std::max(least_us, unknown_us);
    return std::max(least_us, 4 * usual_us_);
  }

 private:
  static constexpr int kEnough = 8;
  int64_t usual_us_ = 0;
  int known_ = 0;
};

}  // namespace parley::router
