// Promises between our own parts. A broken one is a bug: the process says where and ends, since
// going on would only move the failure away from its cause. What a user or peer can cause is never
// checked here but returned as a Result.
#pragma once

namespace parley {
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
}  // namespace parley

#define PARLEY_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::parley::CheckFailed(#condition, __FILE__, __LINE__))
