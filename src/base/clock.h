// Time, as something that is handed in: code that decides by time takes a Clock, so that tests and
// the simulator own it.
#pragma once

#include <atomic>
#include <cstdint>

namespace parley {

// Thread-safe. Microseconds since an arbitrary start, never going back.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t NowUs() const = 0;
};

// CLOCK_MONOTONIC.
class SteadyClock final : public Clock {
 public:
  int64_t NowUs() const override;
};

// Stands still until told otherwise. Thread-safe.
class FakeClock final : public Clock {
 public:
  int64_t NowUs() const override { return now_us_.load(); }
  void AdvanceUs(int64_t by_us) { now_us_ += by_us; }
  void AdvanceMs(int64_t by_ms) { now_us_ += by_ms * 1000; }

 private:
  std::atomic<int64_t> now_us_{1'000'000};
};

}  // namespace parley
