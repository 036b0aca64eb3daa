#include "cosyvoice2/goldens/model_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cosyvoice2/weights/npy.h"

namespace parley::cosyvoice2::goldens {
namespace {

constexpr Tolerance kMelTolerance = {1e-3, 0.04};
constexpr double kMelNoiseShare = 0.0562341325;  // −25 dB
constexpr double kSqrt3 = 1.7320507764816284;    // as float, as the data were made

}  // namespace

Result<std::vector<float>> ReadFloats(const std::filesystem::path& set, const std::string& name) {
  PARLEY_TRY(NpyArray array, ReadNpy(set / (name + ".npy")));
  return std::move(array.floats);
}

Row Hold(const Place& place, std::string case_name, std::string tensor,
         std::span<const float> found, std::span<const float> expected, Tolerance tolerance) {
  if (place.eight_bits) {
    return CompareRelative(std::move(case_name), std::move(tensor), found, expected,
                           tolerance.q8_0_share);
  }
  return Compare(std::move(case_name), std::move(tensor), found, expected, tolerance.f32);
}

void HoldMel(const Place& place, const std::string& case_name, const std::string& tensor,
             std::span<const float> found, std::span<const float> expected,
             std::vector<Row>& rows) {
  rows.push_back(Hold(place, case_name, tensor, found, expected, kMelTolerance));
  if (!place.eight_bits || found.size() != expected.size()) return;
  double noise = 0, signal = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    const double difference = static_cast<double>(found[i]) - expected[i];
    noise += difference * difference;
    signal += static_cast<double>(expected[i]) * expected[i];
  }
  // A row of one number: its share of noise.
  const auto share = static_cast<float>(std::sqrt(noise / signal));
  const float none = 0;
  Row row = Compare(case_name, tensor + ", noise", std::span(&share, 1), std::span(&none, 1),
                    kMelNoiseShare);
  row.note = fmt::format("{:.1f} dB", 20 * std::log10(static_cast<double>(share)));
  rows.push_back(std::move(row));
}

ggml_type MatrixType(const Place& place) {
  return place.eight_bits ? GGML_TYPE_Q8_0 : GGML_TYPE_F32;
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
