#include "cosyvoice2/weights/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "base/unique_fd.h"

namespace parley::cosyvoice2 {
namespace {

tl::unexpected<Error> FailErrno(std::string_view verb, const std::filesystem::path& path) {
  const int error = errno;
  Code code = Code::kInternal;
  if (error == ENOENT || error == ENOTDIR) code = Code::kNotFound;
  if (error == EACCES || error == EPERM) code = Code::kPermissionDenied;
  if (error == ENOMEM) code = Code::kResourceExhausted;
  return Fail(code, fmt::format("cannot {} '{}': {}", verb, path.string(),
                                std::generic_category().message(error)));
}

}  // namespace

Result<std::unique_ptr<MappedFile>> MappedFile::Open(const std::filesystem::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return FailErrno("open", path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return FailErrno("look at", path);
  if (!S_ISREG(status.st_mode)) {
    return Fail(Code::kInvalidArgument, fmt::format("'{}' is no file", path.string()));
  }
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0) return std::unique_ptr<MappedFile>(new MappedFile({}));
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (mapped == MAP_FAILED) return FailErrno("map", path);
  const std::string_view bytes(static_cast<const char*>(mapped), size);
  return std::unique_ptr<MappedFile>(new MappedFile(bytes));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace parley::cosyvoice2
