#include "cosyvoice2/weights/hash_generator.h"

namespace parley::cosyvoice2 {
namespace {

constexpr uint64_t kFnvOffset = 0xcbf29ce484222325;
constexpr uint64_t kFnvPrime = 0x100000001b3;
constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;

uint64_t Mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

HashGenerator::HashGenerator(std::string_view name, uint64_t seed) : hash_(kFnvOffset) {
  for (const char c : name) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * kFnvPrime;
  if (seed != 0) hash_ ^= Mix(seed * kGolden);
}

double HashGenerator::Uniform(uint64_t element) const {
  return static_cast<double>(Mix(hash_ + (element + 1) * kGolden) >> 40) * 0x1.0p-24;
}

void HashGenerator::Fill(uint64_t first, double a, double c, std::span<float> out) const {
  for (size_t i = 0; i < out.size(); ++i) out[i] = Value(first + i, a, c);
}

}  // namespace parley::cosyvoice2
