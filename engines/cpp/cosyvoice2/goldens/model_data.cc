#include "cosyvoice2/goldens/model_data.h"

#include <algorithm>

#include "cosyvoice2/weights/npy.h"

namespace parley::cosyvoice2::goldens {
namespace {

constexpr double kSqrt3 = 1.7320507764816284;  // as float, as the data were made

}  // namespace

Result<std::vector<float>> ReadFloats(const std::filesystem::path& set, const std::string& name) {
  PARLEY_TRY(NpyArray array, ReadNpy(set / (name + ".npy")));
  return std::move(array.floats);
}

std::vector<float> Transpose(std::span<const float> matrix, int64_t rows, int64_t columns) {
  std::vector<float> out(matrix.size());
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      out[column * rows + row] = matrix[row * columns + column];
    }
  }
  return out;
}

std::vector<Symbol> SymbolsOf(const nlohmann::json& one) {
  std::vector<Symbol> symbols = {{Symbol::Kind::kSos, 0}};
  const auto add = [&](const char* field, Symbol::Kind kind) {
    for (int token : one.at(field).get<std::vector<int>>()) symbols.push_back({kind, token});
  };
  add("prompt_text", Symbol::Kind::kText);
  add("text", Symbol::Kind::kText);
  symbols.push_back({Symbol::Kind::kTaskId, 0});
  add("prompt_speech", Symbol::Kind::kSpeech);
  return symbols;
}

void HashNoise::Fill(int64_t first_sample, std::span<float> out) const {
  generator_.Fill(static_cast<uint64_t>(first_sample) * kHarmonics, kSqrt3, 0, out);
}

void NoNoise::Fill(int64_t /*first_sample*/, std::span<float> out) const {
  std::fill(out.begin(), out.end(), 0.0f);
}

}  // namespace parley::cosyvoice2::goldens
