#include "cosyvoice2/goldens/model_data.h"

#include <algorithm>

#include "base/file.h"
#include "cosyvoice2/weights/npy.h"

namespace parley::cosyvoice2::goldens {
namespace {

constexpr size_t kJsonBytesMax = size_t{16} << 20;
constexpr double kSqrt3 = 1.7320507764816284;  // as float, as the data were made

}  // namespace

Result<nlohmann::json> ReadCases(const std::filesystem::path& file) {
  PARLEY_TRY(const std::string text, ReadFile(file, kJsonBytesMax));
  auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return Fail(Code::kDataLoss, file.string() + " is not JSON");
  return json;
}

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

void HashNoise::Fill(int64_t first_sample, std::span<float> out) const {
  generator_.Fill(static_cast<uint64_t>(first_sample) * kHarmonics, kSqrt3, 0, out);
}

void NoNoise::Fill(int64_t /*first_sample*/, std::span<float> out) const {
  std::fill(out.begin(), out.end(), 0.0f);
}

}  // namespace parley::cosyvoice2::goldens
