// Numbers of 16 bits: IEEE 754 binary16, and bfloat16, the upper half of a float. Pure.
#pragma once

#include <bit>
#include <cstdint>

namespace parley::cosyvoice2 {

inline float FloatFromBf16(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

// Exact.
float FloatFromHalf(uint16_t bits);

}  // namespace parley::cosyvoice2
