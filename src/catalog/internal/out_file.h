// A file being written, which says what to do when the disk is full.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace parley::catalog::internal {

class OutFile {
 public:
  enum class Mode { kFresh, kContinue };

  // Never follows a symbolic link at the last part of the path.
  static Result<OutFile> Open(const std::filesystem::path& path, Mode mode);

  // kResourceExhausted when the disk is full: what was written stays, so that a later run resumes.
  Status Write(std::string_view bytes);
  // Back to an empty file.
  Status Restart();
  // Until it is on the disk.
  Status Finish();
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  OutFile(UniqueFd fd, std::filesystem::path path, uint64_t size_bytes);

  UniqueFd fd_;
  std::filesystem::path path_;
  uint64_t size_bytes_;
};

// Adds the bytes of a file to the end of `out`.
Status Append(const std::filesystem::path& path, OutFile& out);

// kResourceExhausted when fewer than `bytes` are free where `folder` is.
Status CheckSpace(const std::filesystem::path& folder, uint64_t bytes);

}  // namespace parley::catalog::internal
