// Keeps calls away from a worker that fails: after `failures_max` in a row it is left alone for a
// time that doubles, then one call tries it again.
//
//   closed ──failures_max in a row──▶ open ──time over──▶ half open ──success──▶ closed
//                                      ▲                     │ failure
//                                      └─────────────────────┘
//
// Pure: time is handed in. One sequence.
#pragma once

#include <algorithm>
#include <cstdint>

namespace parley::router {

class Breaker {
 public:
  struct Config {
    int failures_max = 2;
    int64_t open_ms_min = 200;
    int64_t open_ms_max = 5'000;
  };
  enum class State { kClosed, kOpen, kHalfOpen };

  explicit Breaker(const Config& config) : config_(config) {}

  State state(int64_t now_us) const {
    if (failures_ < config_.failures_max) return State::kClosed;
    return now_us < open_until_us_ ? State::kOpen : State::kHalfOpen;
  }
  // Whether a call may go there now. While half open, only one at a time.
  bool Allows(int64_t now_us) const {
    const State now = state(now_us);
    return now == State::kClosed || (now == State::kHalfOpen && !probing_);
  }

  void OnStart(int64_t now_us) { probing_ |= state(now_us) == State::kHalfOpen; }
  void OnSuccess() {
    failures_ = 0;
    probing_ = false;
  }
  void OnFailure(int64_t now_us) {
    probing_ = false;
    failures_ = std::min(failures_ + 1, config_.failures_max + 30);
    const int over = failures_ - config_.failures_max;
    if (over < 0) return;
    open_until_us_ = now_us + std::min(config_.open_ms_min << over, config_.open_ms_max) * 1000;
  }
  // A call that ended without telling anything about the worker.
  void OnNeither() { probing_ = false; }

 private:
  const Config config_;
  int failures_ = 0;
  int64_t open_until_us_ = 0;
  bool probing_ = false;
};

}  // namespace parley::router
