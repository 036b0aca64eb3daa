#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/internal/spawner.h"

namespace parley::engine::internal {
namespace {

constexpr uint64_t kWriteFile = LANDLOCK_ACCESS_FS_WRITE_FILE;
// All that ABI 1 knows of changing folders. Reading is not handled, so it stays free: what an
// engine must not read, its user must not be able to.
constexpr uint64_t kWrites = kWriteFile | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                             LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                             LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                             LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

Status Allow(int ruleset, const std::string& path) {
  const UniqueFd folder(open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status {};
  if (!folder || fstat(folder.get(), &status) != 0) {
    return Fail(Code::kNotFound, fmt::format("cannot open \"{}\", which an engine is to write to: "
                                             "{}",
                                             path, std::strerror(errno)));
  }
  landlock_path_beneath_attr rule{};
  rule.allowed_access = S_ISDIR(status.st_mode) ? kWrites : kWriteFile;
  rule.parent_fd = folder.get();
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0) return {};
  return Fail(Code::kInternal,
              fmt::format("Landlock refuses a rule for \"{}\": {}", path, std::strerror(errno)));
}

}  // namespace

int LandlockAbi() {
  const long abi =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

Result<UniqueFd> MakeLandlock(const std::vector<std::string>& writable) {
  if (LandlockAbi() < 1) return UniqueFd();
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = kWrites;
  UniqueFd ruleset(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset) {
    return Fail(Code::kInternal,
                fmt::format("cannot make a Landlock ruleset: {}", std::strerror(errno)));
  }
  PARLEY_TRY_STATUS(Allow(ruleset.get(), "/dev"));
  for (const std::string& path : writable) PARLEY_TRY_STATUS(Allow(ruleset.get(), path));
  return ruleset;
}

}  // namespace parley::engine::internal
