// What the golden sets of the models read alike: cases, arrays, weights, and the noise that the
// official code was given.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/goldens/json_cases.h"
#include "cosyvoice2/goldens/registry.h"
#include "cosyvoice2/hift/source.h"
#include "cosyvoice2/lm/lm.h"
#include "cosyvoice2/weights/generated.h"
#include "cosyvoice2/weights/hash_generator.h"

namespace parley::cosyvoice2::goldens {

// `place.set / (name + ".npy")`.
Result<std::vector<float>> ReadFloats(const std::filesystem::path& set, const std::string& name);

// [rows][columns] to [columns][rows].
std::vector<float> Transpose(std::span<const float> matrix, int64_t rows, int64_t columns);

// What a case of the language model begins with: the texts, then the speech of the prompt. Throws
// where a field is not as it should be (goldens/registry.h).
std::vector<Symbol> SymbolsOf(const nlohmann::json& one);

// The noise of the golden data: uniform, of variance 1, by place.
class HashNoise final : public Noise {
 public:
  explicit HashNoise(const std::string& name) : generator_(name) {}
  void Fill(int64_t first_sample, std::span<float> out) const override;

 private:
  HashGenerator generator_;
};

class NoNoise final : public Noise {
 public:
  void Fill(int64_t first_sample, std::span<float> out) const override;
};

}  // namespace parley::cosyvoice2::goldens
