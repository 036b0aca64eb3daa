#include "engine/internal/resident_bytes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace parley::engine::internal {

int64_t ResidentBytesOf(pid_t pid) {
  std::FILE* file = std::fopen(fmt::format("/proc/{}/statm", pid).c_str(), "re");
  if (!file) return 0;
  long long total = 0;
  long long resident = 0;
  const int fields = std::fscanf(file, "%lld %lld", &total, &resident);
  std::fclose(file);
  return fields == 2 ? resident * sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace parley::engine::internal
