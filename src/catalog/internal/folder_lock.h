// Held while the models of a folder change; another process that wants it waits, saying so.
#pragma once

#include <filesystem>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "catalog/progress.h"

namespace parley::catalog::internal {

class FolderLock {
 public:
  // Makes the folder if need be. kCancelled when told to stop while waiting.
  static Result<FolderLock> Take(const std::filesystem::path& folder, Work& work);

 private:
  explicit FolderLock(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace parley::catalog::internal
