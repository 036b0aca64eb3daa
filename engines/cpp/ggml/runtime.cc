#include "ggml/runtime.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <algorithm>
#include <mutex>
#include <string_view>
#include <thread>

#include "base/log.h"

namespace parley::ggml {
namespace {

struct ErrorMemory {
  std::mutex mutex;
  std::string last;
};

ErrorMemory& Errors() {
  static ErrorMemory memory;
  return memory;
}

}  // namespace

Status CheckCpu() {
#if defined(__x86_64__)
  std::string missing;
  if (!__builtin_cpu_supports("avx2")) missing += " AVX2";
  if (!__builtin_cpu_supports("fma")) missing += " FMA";
  if (!__builtin_cpu_supports("bmi2")) missing += " BMI2";
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kF16c = 1U << 29;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kF16c) == 0) missing += " F16C";
  if (!missing.empty()) {
    return Fail(Code::kFailedPrecondition,
                "this CPU lacks" + missing +
                    ", and ggml is built for x86-64-v3 (Intel since Haswell, AMD since Excavator); "
                    "in a virtual machine, let it see the host's CPU");
  }
#endif
  return {};
}

void TakeLog(ggml_log_level level, const char* text, void* /*unused*/) {
  std::string_view line(text);
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.remove_suffix(1);
  if (line.empty() || line == ".") return;
  log::Debug("ggml {}", line);
  if (level != GGML_LOG_LEVEL_ERROR) return;
  ErrorMemory& memory = Errors();
  const std::lock_guard lock(memory.mutex);
  memory.last = line;
}

std::string LastError() {
  ErrorMemory& memory = Errors();
  const std::lock_guard lock(memory.mutex);
  return memory.last.empty() ? "no reason given" : memory.last;
}

int DefaultThreads() {
  constexpr int kMost = 2;
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMost);
}

}  // namespace parley::ggml
