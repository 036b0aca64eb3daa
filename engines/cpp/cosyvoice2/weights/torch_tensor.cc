#include "cosyvoice2/weights/torch_tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/check.h"
#include "cosyvoice2/weights/half.h"
#include "cosyvoice2/weights/torch_fault.h"

namespace parley::cosyvoice2 {
namespace {

constexpr size_t kRankMax = 8;
// Of a tensor that repeats elements (a stride of 0): more would let a small file ask for any amount
// of memory.
constexpr int64_t kRepeatedMax = 1 << 20;

template <class Out, class In>
Out Convert(In value) {
  if constexpr (std::is_same_v<Out, int32_t>) {
    constexpr double kMin = std::numeric_limits<int32_t>::min();
    constexpr double kMax = std::numeric_limits<int32_t>::max();
    const auto number = static_cast<double>(value);
    return std::isnan(number) ? 0 : static_cast<int32_t>(std::clamp(number, kMin, kMax));
  } else {
    return static_cast<Out>(value);
  }
}

template <class Element>
Element Load(const char* from) {
  Element value;
  std::memcpy(&value, from, sizeof(value));  // little endian, perhaps unaligned
  return value;
}

// Calls `copy(element's index in the storage)` for each element in row-major order.
template <class Copy>
void Walk(const TorchTensor& tensor, const Copy& copy) {
  const int64_t count = tensor.element_count();
  const size_t rank = tensor.shape.size();
  std::vector<int64_t> index(rank, 0);
  int64_t at = tensor.offset;
  for (int64_t i = 0; i < count; ++i) {
    copy(i, at);
    for (size_t axis = rank; axis-- > 0;) {
      at += tensor.strides[axis];
      if (++index[axis] < tensor.shape[axis]) break;
      at -= tensor.strides[axis] * tensor.shape[axis];
      index[axis] = 0;
    }
  }
}

template <class Stored, class Out, class Decode>
void CopyAs(const TorchTensor& tensor, std::span<Out> out, const Decode& decode) {
  const char* base = tensor.storage.bytes.data();
  Walk(tensor, [&](int64_t i, int64_t at) {
    out[static_cast<size_t>(i)] =
        Convert<Out>(decode(Load<Stored>(base + static_cast<size_t>(at) * sizeof(Stored))));
  });
}

template <class Out>
void Copy(const TorchTensor& tensor, std::span<Out> out) {
  PARLEY_CHECK(static_cast<int64_t>(out.size()) == tensor.element_count());
  const auto same = [](auto value) { return value; };
  switch (tensor.storage.type) {
    case TorchType::kF32:
      return CopyAs<float>(tensor, out, same);
    case TorchType::kF64:
      return CopyAs<double>(tensor, out, same);
    case TorchType::kF16:
      return CopyAs<uint16_t>(tensor, out, FloatFromHalf);
    case TorchType::kBf16:
      return CopyAs<uint16_t>(tensor, out, FloatFromBf16);
    case TorchType::kI64:
      return CopyAs<int64_t>(tensor, out, same);
    case TorchType::kI32:
      return CopyAs<int32_t>(tensor, out, same);
    case TorchType::kI16:
      return CopyAs<int16_t>(tensor, out, same);
    case TorchType::kI8:
      return CopyAs<int8_t>(tensor, out, same);
    case TorchType::kU8:
    case TorchType::kBool:
      return CopyAs<uint8_t>(tensor, out, same);
  }
}

tl::unexpected<Error> OutOfBounds(std::string_view what) {
  return RefuseTorch(TorchFault::kOutOfBounds, what);
}

}  // namespace

size_t TorchTypeBytes(TorchType type) {
  constexpr size_t kBytes[] = {4, 8, 2, 2, 8, 4, 2, 1, 1, 1};
  return kBytes[static_cast<size_t>(type)];
}

std::string_view TorchTypeName(TorchType type) {
  constexpr std::string_view kNames[] = {"float32", "float64", "float16", "bfloat16", "int64",
                                         "int32",   "int16",   "int8",    "uint8",    "bool"};
  return kNames[static_cast<size_t>(type)];
}

int64_t TorchTensor::element_count() const {
  // A length of 0 may stand beside lengths whose product has no number.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  int64_t count = 1;
  for (const int64_t length : shape) count *= length;
  return count;
}

bool TorchTensor::contiguous() const {
  if (element_count() == 0) return true;
  int64_t stride = 1;
  for (size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] != 1 && strides[axis] != stride) return false;
    stride *= shape[axis];
  }
  return true;
}

void TorchTensor::CopyTo(std::span<float> out) const { Copy(*this, out); }
void TorchTensor::CopyTo(std::span<double> out) const { Copy(*this, out); }
void TorchTensor::CopyTo(std::span<int32_t> out) const { Copy(*this, out); }

Status CheckTensor(const TorchTensor& tensor) {
  const int64_t elements = tensor.storage.elements;
  if (tensor.shape.size() > kRankMax || tensor.shape.size() != tensor.strides.size()) {
    return OutOfBounds(
        fmt::format("a tensor has more than {} dimensions, or not as many strides", kRankMax));
  }
  if (tensor.offset < 0 || tensor.offset > elements) {
    return OutOfBounds("a tensor begins outside of its storage");
  }
  const bool empty = std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end();
  int64_t last = tensor.offset;
  int64_t count = 1;
  for (size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    const int64_t length = tensor.shape[axis];
    const int64_t stride = tensor.strides[axis];
    if (length < 0 || stride < 0) return OutOfBounds("a tensor has a negative length or stride");
    if (empty) continue;
    int64_t reach = 0;
    if (__builtin_mul_overflow(length - 1, stride, &reach) ||
        __builtin_add_overflow(last, reach, &last) ||
        __builtin_mul_overflow(count, length, &count)) {
      return OutOfBounds("a tensor's size has no number");
    }
  }
  if (!empty && (last >= elements || count > std::max(elements, kRepeatedMax))) {
    return OutOfBounds(fmt::format("a tensor of {} elements reaches element {} of a storage of {}",
                                   count, last, elements));
  }
  return {};
}

}  // namespace parley::cosyvoice2
