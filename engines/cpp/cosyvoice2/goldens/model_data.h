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

// What an array of one kind may be off: with weights in float32, as the README of the data has it,
// and in q8_0, in parts of the greatest magnitude expected.
struct Tolerance {
  double f32;
  double q8_0_share;
};
// By what `place` says of the weights.
Row Hold(const Place& place, std::string case_name, std::string tensor,
         std::span<const float> found, std::span<const float> expected, Tolerance tolerance);
// Mel: with weights in q8_0 also how much noise there may be, 25 dB below what is expected.
void HoldMel(const Place& place, const std::string& case_name, const std::string& tensor,
             std::span<const float> found, std::span<const float> expected, std::vector<Row>& rows);
ggml_type MatrixType(const Place& place);

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
