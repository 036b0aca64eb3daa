#include <nlohmann/json.hpp>

#include "cosyvoice2/audio/filterbank.h"
#include "cosyvoice2/audio/windows.h"
#include "cosyvoice2/goldens/front_sets.h"
#include "cosyvoice2/weights/npy.h"

namespace parley::cosyvoice2::goldens {
namespace {

constexpr double kExact = 1e-6;
constexpr double kMatrixTolerance = 1e-5;

std::vector<float> Floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

struct Constant {
  const char* name;
  std::vector<float> found;
  double tolerance;
};

}  // namespace

Result<std::vector<Row>> RunFrontConstants(const Place& place) {
  const Constant constants[] = {
      {"hann16", Floats(PeriodicHann(16)), kExact},
      {"hann400", Floats(PeriodicHann(400)), kExact},
      {"hann1920", Floats(PeriodicHann(1920)), kExact},
      {"povey400", Floats(Povey(400)), kExact},
      {"hamming7680", Floats(Hamming(7680)), kExact},
      {"mel128_16k", SlaneyFilterbank(16'000, 400, 128, 0, 8000).weights, kMatrixTolerance},
      {"mel80_24k", SlaneyFilterbank(24'000, 1920, 80, 0, 8000).weights, kMatrixTolerance},
      {"kaldi80_16k", KaldiFilterbank(16'000, 512, 80, 20, 8000).weights, kMatrixTolerance},
  };
  std::vector<Row> rows;
  for (const Constant& constant : constants) {
    PARLEY_TRY(const NpyArray expected, ReadNpy(place.set / (std::string(constant.name) + ".npy")));
    rows.push_back(
        Compare("front", constant.name, constant.found, expected.floats, constant.tolerance));
  }
  return rows;
}

}  // namespace parley::cosyvoice2::goldens
