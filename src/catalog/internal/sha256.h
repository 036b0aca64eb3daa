// SHA-256 of a file, read in blocks.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "catalog/progress.h"

namespace parley::catalog::internal {

// 64 lower-case hexadecimal digits. kCancelled when told to stop.
Result<std::string> Sha256OfFile(const std::filesystem::path& path, Work& work);

}  // namespace parley::catalog::internal
