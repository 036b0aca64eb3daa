#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cosyvoice2/audio/filterbank.h"
#include "cosyvoice2/audio/windows.h"
#include "cosyvoice2/flow/flow.h"
#include "cosyvoice2/flow/noise.h"
#include "cosyvoice2/flow/sinusoids.h"
#include "cosyvoice2/goldens/front_sets.h"
#include "cosyvoice2/goldens/json_cases.h"
#include "cosyvoice2/weights/generated.h"
#include "cosyvoice2/weights/npy.h"

namespace parley::cosyvoice2::goldens {
namespace {

constexpr double kExact = 1e-6;
constexpr double kMatrix = 1e-5;
constexpr double kSinusoid = 1e-4;
constexpr double kPlaces = 1e-5;
constexpr double kNoise = 5e-6;
// Of 1,200,000 values, each within kNoise.
constexpr double kNoiseSum = 1.2e6 * kNoise;
constexpr int64_t kMel = 80;

std::vector<float> Floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

struct Constant {
  const char* name;
  std::vector<float> found;
  double tolerance;
};

std::vector<Constant> Tables() {
  return {
      {"hann16", Floats(PeriodicHann(16)), kExact},
      {"hann400", Floats(PeriodicHann(400)), kExact},
      {"hann1920", Floats(PeriodicHann(1920)), kExact},
      {"povey400", Floats(Povey(400)), kExact},
      {"hamming7680", Floats(Hamming(7680)), kExact},
      {"mel128_16k", SlaneyFilterbank(16'000, 400, 128, 0, 8000).weights, kMatrix},
      {"mel80_24k", SlaneyFilterbank(24'000, 1920, 80, 0, 8000).weights, kMatrix},
      {"kaldi80_16k", KaldiFilterbank(16'000, 512, 80, 20, 8000).weights, kMatrix},
      {"relpe_T40", PlaceCodes(40, 40, 512), kPlaces},
  };
}

// The noise as the reference orders it, [80][15000].
std::vector<float> ChannelMajor(const std::vector<float>& noise) {
  std::vector<float> channels(noise.size());
  for (int64_t t = 0; t < kNoiseFrames; ++t) {
    for (int64_t c = 0; c < kMel; ++c) channels[c * kNoiseFrames + t] = noise[t * kMel + c];
  }
  return channels;
}

std::vector<Constant> NoiseParts(const std::vector<float>& noise) {
  constexpr int64_t kFrames = 320;
  Constant head{"noise_first4096", {noise.begin(), noise.begin() + 4096}, kNoise};
  Constant tail{"noise_last256", {noise.end() - 256, noise.end()}, kNoise};
  Constant corner{"noise_t0_320", {}, kNoise};
  for (int64_t c = 0; c < kMel; ++c) {
    const auto row = noise.begin() + c * kNoiseFrames;
    corner.found.insert(corner.found.end(), row, row + kFrames);
  }
  return {std::move(head), std::move(tail), std::move(corner)};
}

std::vector<Constant> Times() {
  const FlowTimes times = MakeFlowTimes();
  Constant span{"t_span", {times.times.begin(), times.times.end()}, kExact};
  span.found.push_back(times.times.back() + times.steps.back());
  Constant codes{"sinusoid_steps", {}, kSinusoid};
  for (const float t : times.times) {
    const std::vector<float> code = TimeCode(t);
    codes.found.insert(codes.found.end(), code.begin(), code.end());
  }
  return {std::move(span),
          {"t_steps", {times.times.begin(), times.times.end()}, kExact},
          {"dt_steps", {times.steps.begin(), times.steps.end()}, kExact},
          std::move(codes)};
}

// The tiny estimator's time embedding at each step.
Result<Constant> TimeEmbeddings(const Place& place) {
  PARLEY_TRY(const auto weights, GeneratedWeights::FromFile(place.root / "flow.json"));
  PARLEY_TRY(const auto flow, Flow::Create(*weights, {.head_dim = 16}));
  nn::Executor executor(1);
  Constant embeddings{"temb_steps_tiny", {}, kSinusoid};
  for (const float t : MakeFlowTimes().times) {
    nn::Taps taps;
    PARLEY_TRY(const auto vectors, flow->estimator().EmbedTime(executor, t, &taps));
    const std::vector<float>& tap = taps["temb"];
    embeddings.found.insert(embeddings.found.end(), tap.begin(), tap.end());
  }
  return embeddings;
}

// Sums over the whole buffer and counts over the filterbanks.
Status AddStatistics(const Place& place, const std::vector<float>& noise, std::vector<Row>& rows) {
  PARLEY_TRY(const nlohmann::json info, ReadJson(place.set / "info.json"));
  double sum = 0;
  double sum_abs = 0;
  for (const float value : noise) {
    sum += value;
    sum_abs += std::abs(value);
  }
  const auto [least, most] = std::minmax_element(noise.begin(), noise.end());
  const auto hold = [&](const char* field, double found, double tolerance) {
    if (!info.contains(field)) return;
    const double expected = info[field];
    Row row{"info", field};
    row.max_abs = std::abs(found - expected);
    row.max_rel = expected != 0 ? row.max_abs / std::abs(expected) : row.max_abs;
    row.tolerance = tolerance;
    row.verdict = row.max_abs <= tolerance ? Verdict::kPassed : Verdict::kFailed;
    rows.push_back(std::move(row));
  };
  const auto nonzero = [](const Filterbank& bank) {
    return static_cast<double>(std::count_if(bank.weights.begin(), bank.weights.end(),
                                             [](float weight) { return weight != 0; }));
  };
  hold("noise_mean", sum / static_cast<double>(noise.size()), kNoise);
  hold("noise_sum_abs", sum_abs, kNoiseSum);
  hold("noise_min", *least, kNoise);
  hold("noise_max", *most, kNoise);
  hold("mel80_24k_nonzero", nonzero(SlaneyFilterbank(24'000, 1920, 80, 0, 8000)), 0);
  return {};
}

}  // namespace

Result<std::vector<Row>> RunConstantsSet(const Place& place) {
  const std::vector<float> noise = ChannelMajor(MakeFlowNoise());
  std::vector<Constant> constants = Tables();
  for (auto& part : NoiseParts(noise)) constants.push_back(std::move(part));
  for (auto& part : Times()) constants.push_back(std::move(part));
  PARLEY_TRY(constants.emplace_back(), TimeEmbeddings(place));
  std::vector<Row> rows;
  for (const Constant& constant : constants) {
    const std::string name = constant.name;
    PARLEY_TRY(const NpyArray expected, ReadNpy(place.set / (name + ".npy")));
    rows.push_back(Compare("constants", name, constant.found, expected.floats, constant.tolerance));
  }
  PARLEY_TRY(const NpyArray hamming, ReadNpy(place.set / "hamming7680_f64.npy"));
  size_t differing = 0;
  const std::vector<double> found = Hamming(7680);
  for (size_t i = 0; i < found.size(); ++i) {
    const bool same =
        i < hamming.doubles.size() && std::abs(found[i] - hamming.doubles[i]) <= 1e-15;
    differing += same ? 0 : 1;
  }
  rows.push_back(CompareExact("constants", "hamming7680_f64", differing));
  PARLEY_TRY_STATUS(AddStatistics(place, noise, rows));
  return rows;
}

}  // namespace parley::cosyvoice2::goldens
