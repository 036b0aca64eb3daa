#include "catalog/internal/out_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace parley::catalog::internal {
namespace {

tl::unexpected<Error> FailErrno(std::string_view verb, const std::filesystem::path& path) {
  const int error = errno;
  if (error == ENOSPC || error == EDQUOT) {
    return Fail(Code::kResourceExhausted,
                fmt::format("the disk is full: cannot {} '{}'; make room and run it again, what is "
                            "there already is kept",
                            verb, path.string()));
  }
  const Code code = error == EACCES || error == EROFS ? Code::kPermissionDenied : Code::kInternal;
  return Fail(code, fmt::format("cannot {} '{}': {}", verb, path.string(),
                                std::generic_category().message(error)));
}

}  // namespace

OutFile::OutFile(UniqueFd fd, std::filesystem::path path, uint64_t size_bytes)
    : fd_(std::move(fd)), path_(std::move(path)), size_bytes_(size_bytes) {}

Result<OutFile> OutFile::Open(const std::filesystem::path& path, Mode mode) {
  const int start = mode == Mode::kFresh ? O_TRUNC : 0;
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | start, 0644));
  if (!fd) return FailErrno("open", path);
  const off_t end = ::lseek(fd.get(), 0, SEEK_END);
  return OutFile(std::move(fd), path, end > 0 ? static_cast<uint64_t>(end) : 0);
}

Status OutFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FailErrno("write", path_);
    bytes.remove_prefix(static_cast<size_t>(count));
    size_bytes_ += static_cast<uint64_t>(count);
  }
  return {};
}

Status OutFile::Restart() {
  if (::ftruncate(fd_.get(), 0) != 0 || ::lseek(fd_.get(), 0, SEEK_SET) != 0) {
    return FailErrno("empty", path_);
  }
  size_bytes_ = 0;
  return {};
}

Status OutFile::Finish() {
  if (::fsync(fd_.get()) != 0) return FailErrno("finish", path_);
  return {};
}

Status Append(const std::filesystem::path& path, OutFile& out) {
  const UniqueFd in(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in) {
    return Fail(Code::kNotFound, fmt::format("cannot open '{}': {}", path.string(),
                                             std::generic_category().message(errno)));
  }
  std::vector<char> block(1 << 20);
  for (;;) {
    const ssize_t count = ::read(in.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FailErrno("read", path);
    if (count == 0) return {};
    PARLEY_TRY_STATUS(out.Write({block.data(), static_cast<size_t>(count)}));
  }
}

Status CheckSpace(const std::filesystem::path& folder, uint64_t bytes) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  if (error || space.available >= bytes) return {};  // unknown: the write itself will tell
  return Fail(Code::kResourceExhausted,
              fmt::format("{} has {} MB free and {} MB are needed; make room, or choose another "
                          "place by models.dir (PARLEY_MODELS_DIR)",
                          folder.string(), space.available >> 20, (bytes >> 20) + 1));
}

}  // namespace parley::catalog::internal
