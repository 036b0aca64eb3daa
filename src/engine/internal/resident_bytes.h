// How much memory a process holds. Thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace parley::engine::internal {

// Bytes in RAM; 0 if the system does not say.
int64_t ResidentBytesOf(pid_t pid);

}  // namespace parley::engine::internal
