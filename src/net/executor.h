// One io thread, as everything that lives on it sees it. A session, its socket and its timers are
// pinned to one executor, so their members need no lock; other threads hand results over by Post.
#pragma once

#include <cstdint>
#include <memory>

#include "net/task.h"

namespace parley::net {

// Belongs to the executor that made it: used and destroyed on its thread (or once it has stopped).
class Timer {
 public:
  virtual ~Timer() = default;
  // Runs `task` on the executor at `at_us` of the monotonic clock (base/clock.h); at once if that
  // has passed, though never within Start. Replaces a task that waits.
  virtual void Start(int64_t at_us, Task task) = 0;
  // The waiting task, if any, will not run and is destroyed.
  virtual void Cancel() = 0;
};

class Executor {
 public:
  virtual ~Executor() = default;
  // Thread-safe. Tasks of one thread run in order, never within Post. Work posted to an executor
  // that has stopped is destroyed without running.
  virtual void Post(Task task) = 0;
  // Thread-safe. True on the executor's own thread.
  virtual bool IsCurrent() const = 0;
  virtual std::unique_ptr<Timer> MakeTimer() = 0;
};

}  // namespace parley::net
