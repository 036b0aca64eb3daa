#include "net/testing/manual_executor.h"

#include <algorithm>
#include <optional>

namespace parley::net::testing {

class ManualTimer final : public Timer {
 public:
  explicit ManualTimer(ManualExecutor& owner) : owner_(owner) {}
  ~ManualTimer() override { Cancel(); }

  void Start(int64_t at_us, Task task) override {
    Cancel();
    key_ = {at_us, owner_.next_number_++};
    owner_.timers_.emplace(*key_, std::move(task));
  }

  void Cancel() override {
    if (key_) owner_.timers_.erase(*key_);
    key_.reset();
  }

 private:
  ManualExecutor& owner_;
  std::optional<ManualExecutor::Key> key_;
};

void ManualExecutor::Post(Task task) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(task));
}

std::unique_ptr<Timer> ManualExecutor::MakeTimer() { return std::make_unique<ManualTimer>(*this); }

bool ManualExecutor::RunOnePosted() {
  Task task;
  {
    const std::lock_guard lock(mutex_);
    if (posted_.empty()) return false;
    task = std::move(posted_.front());
    posted_.pop_front();
  }
  task();
  return true;
}

bool ManualExecutor::RunOneTimer() {
  if (timers_.empty() || timers_.begin()->first.first > clock_.NowUs()) return false;
  Task task = std::move(timers_.begin()->second);
  timers_.erase(timers_.begin());
  task();
  return true;
}

int ManualExecutor::RunReady() {
  int count = 0;
  while (RunOnePosted() || RunOneTimer()) ++count;
  return count;
}

void ManualExecutor::AdvanceMs(int64_t by_ms) {
  const int64_t until_us = clock_.NowUs() + by_ms * 1000;
  RunReady();
  while (!timers_.empty() && timers_.begin()->first.first <= until_us) {
    clock_.AdvanceUs(std::max<int64_t>(0, timers_.begin()->first.first - clock_.NowUs()));
    RunReady();
  }
  clock_.AdvanceUs(until_us - clock_.NowUs());
  RunReady();
}

}  // namespace parley::net::testing
