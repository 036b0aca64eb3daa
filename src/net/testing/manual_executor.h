// An executor whose time a test owns: tasks and timers run when told, on the calling thread, in
// order of their time. One sequence, but for Post, which is thread-safe.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "net/executor.h"

namespace parley::net::testing {

class ManualExecutor final : public Executor {
 public:
  explicit ManualExecutor(FakeClock& clock) : clock_(clock) {}

  void Post(Task task) override;
  bool IsCurrent() const override { return true; }
  std::unique_ptr<Timer> MakeTimer() override;

  // Runs all that is posted, and what that posts, and timers that are due. Returns how many ran.
  int RunReady();
  // Moves the clock on, stopping at each timer on the way.
  void AdvanceMs(int64_t by_ms);
  size_t timers_waiting() const { return timers_.size(); }

 private:
  friend class ManualTimer;
  using Key = std::pair<int64_t, uint64_t>;  // due, number: equal times run in order of Start

  bool RunOnePosted();
  bool RunOneTimer();

  FakeClock& clock_;
  std::mutex mutex_;
  std::deque<Task> posted_;
  std::map<Key, Task> timers_;
  uint64_t next_number_ = 0;
};

}  // namespace parley::net::testing
