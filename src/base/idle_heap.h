// Gives the heap's free pages back to the system once a process that worked has come to rest. glibc
// keeps what is freed for the next call (mallopt(3): only the top of a heap goes back by itself),
// so that a process stays as large as its busiest moment: after one long sentence by hundreds of
// MB. One sequence.
#pragma once

#include <cstdint>

namespace parley {

class IdleHeap {
 public:
  // Called every few seconds. `busy`: work is under way; `begun`: pieces of work begun so far. Once
  // after each time of work, at the second look in a row that finds none, the pages go back (some
  // milliseconds, in which other threads may wait for memory). True if they did.
  bool Look(bool busy, uint64_t begun);

 private:
  static constexpr int kLooks = 2;

  uint64_t begun_ = 0;
  int looks_left_ = kLooks;  // without work until the pages go back; 0: they have
};

}  // namespace parley
