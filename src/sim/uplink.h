// Which moment of the microphone each sample of the uplink is: they part when the microphone is
// muted, or silence is filled in for sound that is late.
//
// One sequence.
#pragma once

#include <cstdint>
#include <vector>

#include "turn/event.h"

namespace parley::sim {

inline constexpr int64_t kWindowSamples = 512;
inline constexpr int64_t kWindowUs = 32'000;

class Uplink {
 public:
  // A window of sound that began at this time, or of silence that nobody sent.
  void Append(int64_t mic_us, bool filled) {
    const bool goes_on = !pieces_.empty() && pieces_.back().filled == filled &&
                         (filled || MicUs(received_) == mic_us);
    if (!goes_on) pieces_.push_back({received_, mic_us, filled});
    received_ += kWindowSamples;
  }
  int64_t received() const { return received_; }

  // Within silence that was filled in: where it began.
  int64_t MicUs(int64_t sample) const {
    for (auto piece = pieces_.rbegin(); piece != pieces_.rend(); ++piece) {
      if (piece->from > sample) continue;
      if (piece->filled) return piece->mic_us;
      return piece->mic_us + (sample - piece->from) * 1'000'000 / turn::kUplinkRateHz;
    }
    return 0;
  }

 private:
  struct Piece {
    int64_t from = 0;
    int64_t mic_us = 0;
    bool filled = false;
  };
  std::vector<Piece> pieces_;
  int64_t received_ = 0;
};

}  // namespace parley::sim
