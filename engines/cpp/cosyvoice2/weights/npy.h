// Reads NumPy's array files (.npy, versions 1 to 3; NEP 1), as golden data come. The file is
// foreign: its length bounds everything. Pure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::cosyvoice2 {

// Row major. Exactly one of the vectors is filled, by the file's element type.
struct NpyArray {
  std::vector<int64_t> shape;
  std::vector<float> floats;    // <f4
  std::vector<double> doubles;  // <f8
  std::vector<int32_t> ints;    // <i4

  int64_t element_count() const;
  int64_t dim(size_t axis) const { return axis < shape.size() ? shape[axis] : 1; }
};

// kDataLoss: not such a file, or cut; kUnimplemented: another element type, or column-major order.
Result<NpyArray> ParseNpy(std::string_view bytes);

// The file's array; errors also of ReadFile. The messages name the file.
Result<NpyArray> ReadNpy(const std::filesystem::path& path);

}  // namespace parley::cosyvoice2
