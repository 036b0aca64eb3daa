#include "base/idle_heap.h"

#include <malloc.h>

#include <utility>

namespace parley {

bool IdleHeap::Look(bool busy, uint64_t begun) {
  const bool quiet = !busy && begun == std::exchange(begun_, begun);
  if (!quiet) worked_ = true;
  if (!quiet || !std::exchange(worked_, false)) return false;
  malloc_trim(0);
  return true;
}

}  // namespace parley
