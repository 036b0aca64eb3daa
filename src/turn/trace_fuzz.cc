// Any bytes as a recorded conversation: they are refused or read, and what was read can be written,
// read again and run through the core, whose promises about its driver's events hold or are stale.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "turn/trace.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace parley::turn;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto trace = ParseTrace(bytes);
  if (!trace) return 0;
  const auto again = ParseTrace(WriteTrace(*trace));
  PARLEY_CHECK(again && again->steps.size() == trace->steps.size());
  const auto replayed = Replay(*trace);
  PARLEY_CHECK(replayed);
  return 0;
}
