#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "base/unique_fd.h"

namespace parley {
namespace {

tl::unexpected<Error> FailErrno(std::string_view verb, const std::filesystem::path& path) {
  const int error = errno;
  Code code = Code::kInternal;
  if (error == ENOENT || error == ENOTDIR) code = Code::kNotFound;
  if (error == EACCES || error == EPERM || error == EROFS) code = Code::kPermissionDenied;
  if (error == ENOSPC || error == EDQUOT) code = Code::kResourceExhausted;
  return Fail(code, fmt::format("cannot {} '{}': {}", verb, path.string(),
                                std::generic_category().message(error)));
}

}  // namespace

Result<std::string> ReadFile(const std::filesystem::path& path, size_t size_max) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return FailErrno("open", path);
  std::string bytes;
  char block[1 << 16];
  for (;;) {
    const ssize_t count = ::read(fd.get(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FailErrno("read", path);
    if (count == 0) return bytes;
    if (bytes.size() + static_cast<size_t>(count) > size_max) {
      return Fail(Code::kOutOfRange, fmt::format("'{}' is larger than the {} bytes allowed here",
                                                 path.string(), size_max));
    }
    bytes.append(block, static_cast<size_t>(count));
  }
}

Status WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes, int mode) {
  const std::string part = fmt::format("{}.{}.part", path.string(), ::getpid());
  UniqueFd fd(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd) return FailErrno("create", part);
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      auto failure = FailErrno("write", part);
      ::unlink(part.c_str());
      return failure;
    }
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  if (::fsync(fd.get()) != 0 || ::rename(part.c_str(), path.c_str()) != 0) {
    auto failure = FailErrno("finish writing", path);
    ::unlink(part.c_str());
    return failure;
  }
  return {};
}

}  // namespace parley
