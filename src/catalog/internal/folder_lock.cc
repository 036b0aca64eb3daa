#include "catalog/internal/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace parley::catalog::internal {

Result<FolderLock> FolderLock::Take(const std::filesystem::path& folder, Work& work) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::filesystem::path path = folder / ".lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) {
    return Fail(Code::kPermissionDenied, fmt::format("cannot write to '{}'", path.string()));
  }
  bool told = false;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return Fail(Code::kInternal, fmt::format("cannot lock '{}'", path.string()));
    }
    if (work.cancelled) return Fail(Code::kCancelled, "stopped while waiting for another pull");
    if (!std::exchange(told, true)) {
      work.progress.Say("waiting: another parley is changing the models");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return FolderLock(std::move(fd));
}

}  // namespace parley::catalog::internal
