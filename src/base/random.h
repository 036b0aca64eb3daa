// Reproducible random numbers whose bytes depend on the seed alone, not on the standard library.
// SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014, §5;
// normal deviates by Box and Muller, 1958. One sequence.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace parley {

class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // In [0, 1), 53 bits.
  double NextUniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

  // Mean 0, variance 1.
  double NextNormal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - NextUniform()));
    return radius * std::cos(2.0 * std::numbers::pi * NextUniform());
  }

 private:
  uint64_t state_;
};

}  // namespace parley
