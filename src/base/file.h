// Whole files, bounded and atomic.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace parley {

// The file's bytes. Larger than `size_max` bytes: kOutOfRange; absent: kNotFound.
Result<std::string> ReadFile(const std::filesystem::path& path, size_t size_max);

// Writes beside the target and renames, so that a reader sees the old bytes or the new ones, never
// a part. `mode` as for open(2), e.g. 0600 for what holds a secret.
Status WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes,
                           int mode = 0644);

}  // namespace parley
