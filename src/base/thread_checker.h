// Holds a class to its rule "one sequence": the first call binds the thread, every later one must
// come from it. Costs one comparison.
#pragma once

#include <atomic>
#include <thread>

#include "base/check.h"

namespace parley {

class ThreadChecker {
 public:
  // True on the bound thread; binds the calling thread if none is.
  bool IsCurrent() const {
    std::thread::id none;
    const std::thread::id self = std::this_thread::get_id();
    return owner_.compare_exchange_strong(none, self) || none == self;
  }
  // The next caller becomes the owner.
  void Detach() { owner_ = std::thread::id(); }

 private:
  mutable std::atomic<std::thread::id> owner_{};
};

}  // namespace parley

#define PARLEY_CHECK_THREAD(checker) PARLEY_CHECK((checker).IsCurrent())
