// Chance in the simulated world: every draw comes from one seed, and forks give each part of the
// world a stream of its own, so that what one part draws does not shift what another gets.
//
// One sequence.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/random.h"

namespace parley::sim {

// A stretch of milliseconds that a delay is drawn from, both ends included.
struct Span {
  double low_ms = 0;
  double high_ms = 0;
  bool logarithmic = false;  // even on the scale of logarithms: short ones are the likelier
};

// A number that looks random and depends on both.
inline uint64_t Mixed(uint64_t a, uint64_t b) {
  return SplitMix64(a * 0x9e3779b97f4a7c15 ^ (b + 0x632be59bd9b4e019)).Next();
}

class Dice {
 public:
  explicit Dice(uint64_t seed) : seed_(seed), random_(seed) {}

  Dice Fork(uint64_t name) const { return Dice(Mixed(seed_, name)); }

  uint64_t Next() { return random_.Next(); }
  bool Chance(double probability) { return random_.NextUniform() < probability; }
  double Uniform(double low, double high) { return low + (high - low) * random_.NextUniform(); }
  // 0 … n − 1.
  int Below(int n) { return static_cast<int>(random_.NextUniform() * n); }
  double Normal(double mean, double deviation) { return mean + deviation * random_.NextNormal(); }
  double LogNormal(double median, double sigma) {
    return median * std::exp(sigma * random_.NextNormal());
  }
  double Ms(const Span& span) {
    if (!span.logarithmic) return Uniform(span.low_ms, span.high_ms);
    return span.low_ms * std::pow(span.high_ms / span.low_ms, random_.NextUniform());
  }
  int64_t Us(const Span& span) { return static_cast<int64_t>(Ms(span) * 1000); }

 private:
  uint64_t seed_;
  SplitMix64 random_;
};

}  // namespace parley::sim
