// The convolutions and linear layers of gemm.h on weights of 8 bits with a scale for each 32, as
// ggml's q8_0 has them, and on inputs that are rounded to 8 bits the same way. Sums of 32 products
// are whole numbers, hence exact; those are added in float in a fixed order: the bytes depend
// neither on threads nor on the CPU. AVX-512 VNNI where there is one, else AVX2.
#pragma once

#include <cstdint>
#include <span>

#include "cosyvoice2/nn/gemm.h"

namespace parley::cosyvoice2::nn {

inline constexpr int64_t kBlock8 = 32;

// Bytes of a packed matrix; `depth` is a multiple of 32.
constexpr int64_t PackedSize8(int64_t out, int64_t depth) {
  constexpr int64_t kPanelBlock = kPanel * (kBlock8 + sizeof(float) + sizeof(int32_t));
  return (out + kPanel - 1) / kPanel * (depth / kBlock8) * kPanelBlock;
}
// From row-major [out][depth].
void PackPanels8(std::span<const float> rows, int64_t out, int64_t depth, uint8_t* packed);

// Bytes of a frame of `in` channels, a multiple of 32, in 8 bits with its scales.
constexpr int64_t RowSize8(int64_t in) {
  return in + in / kBlock8 * static_cast<int64_t>(sizeof(float));
}
void QuantizeRow8(const float* x, int64_t in, uint8_t* row);

// As RunConv: `task.x` and `task.packed` are not looked at, but these.
void RunConv8(const ConvTask& task, const uint8_t* rows, const uint8_t* packed, int ith, int nth);

}  // namespace parley::cosyvoice2::nn
