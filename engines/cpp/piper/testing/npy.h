// Reads the samples of a .npy file of little-endian float32, one-dimensional (NumPy's format 1.0).
#pragma once

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/file.h"

namespace parley::piper::testing {

inline std::vector<float> ReadNpy(const std::filesystem::path& path) {
  const auto read = ReadFile(path, 1 << 24);
  PARLEY_CHECK(read && read->size() > 10 && read->find("'<f4'") != std::string::npos);
  const size_t header =
      10 + static_cast<unsigned char>((*read)[8]) + 256 * static_cast<unsigned char>((*read)[9]);
  std::vector<float> samples((read->size() - header) / sizeof(float));
  std::memcpy(samples.data(), read->data() + header, samples.size() * sizeof(float));
  return samples;
}

}  // namespace parley::piper::testing
