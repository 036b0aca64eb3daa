// Reads a file that is compressed with gzip, as golden data hold the tokenizer's. One thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace parley::cosyvoice2 {

// kOutOfRange for more than `size_max` bytes unpacked; kDataLoss for what is no gzip file.
Result<std::string> ReadGzipFile(const std::filesystem::path& path, size_t size_max);

}  // namespace parley::cosyvoice2
