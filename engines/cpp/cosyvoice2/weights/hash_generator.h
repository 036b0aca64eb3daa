// Numbers made from a name: the same on every machine, each element on its own, so that weights and
// noise need no file. The hash is FNV-1a (Fowler, Noll, Vo) over the name, then SplitMix64's output
// function (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014) over the
// element's number. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace parley::cosyvoice2 {

class HashGenerator {
 public:
  // `seed` 0 is the generator of the golden data; any other gives other numbers.
  explicit HashGenerator(std::string_view name, uint64_t seed = 0);

  uint64_t hash() const { return hash_; }

  // In [0, 1), a multiple of 2⁻²⁴: exact in float and double.
  double Uniform(uint64_t element) const;

  // c + a·(2u − 1), computed in double and rounded once.
  float Value(uint64_t element, double a, double c) const {
    return static_cast<float>(c + a * (2.0 * Uniform(element) - 1.0));
  }

  // out[i] = Value(first + i, a, c).
  void Fill(uint64_t first, double a, double c, std::span<float> out) const;

 private:
  uint64_t hash_;
};

}  // namespace parley::cosyvoice2
