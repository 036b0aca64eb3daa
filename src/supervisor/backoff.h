// How long to wait before a thing that died is started again: doubles with each death, and forgets
// once the thing has lived for a while. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

namespace parley::supervisor {

class Backoff {
 public:
  // After a life this long the next death counts as the first.
  static constexpr int64_t kSettledMs = 10'000;

  Backoff(int64_t first_ms, int64_t last_ms)
      : first_ms_(first_ms), last_ms_(last_ms), next_ms_(first_ms) {}

  int64_t OnDeath(int64_t lived_ms) {
    if (lived_ms >= kSettledMs) Reset();
    ++deaths_;
    const int64_t wait_ms = next_ms_;
    next_ms_ = std::min(next_ms_ * 2, last_ms_);
    return wait_ms;
  }
  void Reset() {
    next_ms_ = first_ms_;
    deaths_ = 0;
  }
  // In a row, without a settled life in between.
  int deaths() const { return deaths_; }

 private:
  const int64_t first_ms_;
  const int64_t last_ms_;
  int64_t next_ms_;
  int deaths_ = 0;
};

}  // namespace parley::supervisor
