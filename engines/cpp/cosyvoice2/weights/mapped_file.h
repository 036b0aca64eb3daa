// A file's bytes, mapped read-only: read as they are touched, shared with other processes. The file
// must not shrink while it is mapped. Immutable.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace parley::cosyvoice2 {

class MappedFile {
 public:
  // kNotFound, kPermissionDenied, kInvalidArgument (no regular file) or kInternal, with the path.
  static Result<std::unique_ptr<MappedFile>> Open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::string_view bytes) : bytes_(bytes) {}

  const std::string_view bytes_;  // empty for an empty file, which cannot be mapped
};

}  // namespace parley::cosyvoice2
