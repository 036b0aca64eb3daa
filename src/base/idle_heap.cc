#include "base/idle_heap.h"

#include <malloc.h>

#include <utility>

namespace parley {

bool IdleHeap::Look(bool busy, uint64_t begun) {
  const bool more = begun != std::exchange(begun_, begun);
  if (busy || more) {
    looks_left_ = kLooks;
    return false;
  }
  if (looks_left_ == 0 || --looks_left_ > 0) return false;
  malloc_trim(0);
  return true;
}

}  // namespace parley
