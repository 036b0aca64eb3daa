// A tensor of a checkpoint as it lies in the file: a window with strides onto a storage. Immutable.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::cosyvoice2 {

enum class TorchType { kF32, kF64, kF16, kBf16, kI64, kI32, kI16, kI8, kU8, kBool };

size_t TorchTypeBytes(TorchType type);
// "float32", as PyTorch says.
std::string_view TorchTypeName(TorchType type);

struct TorchStorage {
  std::string_view bytes;  // in the file; at least elements × TorchTypeBytes(type)
  TorchType type = TorchType::kF32;
  int64_t elements = 0;
};

struct TorchTensor {
  TorchStorage storage;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // in elements, none negative
  int64_t offset = 0;            // in elements

  int64_t element_count() const;
  bool contiguous() const;

  // The elements in row-major order, converted. `out` has element_count elements.
  void CopyTo(std::span<float> out) const;
  void CopyTo(std::span<double> out) const;
  void CopyTo(std::span<int32_t> out) const;  // out of range: clamped
};

// Refuses (kOutOfBounds) what would reach beyond the storage, has a negative length or stride, more
// than 8 dimensions, or repeats elements to more than a million.
Status CheckTensor(const TorchTensor& tensor);

}  // namespace parley::cosyvoice2
