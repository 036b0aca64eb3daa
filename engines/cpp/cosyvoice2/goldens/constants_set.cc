// G12: every array of the folder is computed from what its name says: hann<n>, povey<n>,
// hamming<n>[_f64], mel<bands>_<kHz>k, kaldi<bands>_<kHz>k, relpe_T<frames>, noise_first<n>,
// noise_last<n>, noise_t<from>_<count>, and the solver's times.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

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
constexpr double kHighHz = 8000;
constexpr size_t kLengthMax = 1 << 20;

struct Constant {
  std::vector<float> found;
  double tolerance = kExact;
};
using Found = std::optional<Constant>;

std::vector<float> Floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

// The numbers of `name` where it is `pattern`, in which each '#' stands for one; else nothing.
std::optional<std::vector<size_t>> Match(std::string_view name, std::string_view pattern) {
  std::vector<size_t> numbers;
  size_t at = 0;
  for (const char c : pattern) {
    if (c != '#') {
      if (at == name.size() || name[at++] != c) return std::nullopt;
      continue;
    }
    size_t number = 0;
    const size_t first = at;
    while (at < name.size() && name[at] >= '0' && name[at] <= '9' && number < kLengthMax) {
      number = 10 * number + static_cast<size_t>(name[at++] - '0');
    }
    if (at == first || number > kLengthMax) return std::nullopt;
    numbers.push_back(number);
  }
  if (at != name.size()) return std::nullopt;
  return numbers;
}

Found Window(std::string_view name) {
  if (const auto n = Match(name, "hann#")) return Constant{Floats(PeriodicHann(n->at(0)))};
  if (const auto n = Match(name, "povey#")) return Constant{Floats(Povey(n->at(0)))};
  if (const auto n = Match(name, "hamming#")) return Constant{Floats(Hamming(n->at(0)))};
  if (const auto n = Match(name, "hamming#_f64")) return Constant{Floats(Hamming(n->at(0)))};
  return std::nullopt;
}

Found Table(std::string_view name, const NpyArray& expected) {
  const auto fft = static_cast<size_t>(2 * std::max<int64_t>(expected.dim(1) - 1, 1));
  if (const auto n = Match(name, "mel#_#k")) {
    const int rate = static_cast<int>(n->at(1)) * 1000;
    return Constant{SlaneyFilterbank(rate, fft, n->at(0), 0, kHighHz).weights, kMatrix};
  }
  if (const auto n = Match(name, "kaldi#_#k")) {
    const int rate = static_cast<int>(n->at(1)) * 1000;
    return Constant{KaldiFilterbank(rate, fft, n->at(0), 20, kHighHz).weights, kMatrix};
  }
  if (const auto n = Match(name, "relpe_T#")) {
    const auto frames = static_cast<int64_t>(n->at(0));
    return Constant{PlaceCodes(frames, frames, expected.dim(1)), kPlaces};
  }
  return std::nullopt;
}

// The noise as the reference orders it, [80][15000].
std::vector<float> ChannelMajor(const std::vector<float>& noise) {
  std::vector<float> channels(noise.size());
  for (int64_t t = 0; t < kNoiseFrames; ++t) {
    for (int64_t c = 0; c < kMel; ++c) channels[c * kNoiseFrames + t] = noise[t * kMel + c];
  }
  return channels;
}

Found NoisePart(std::string_view name, const NpyArray& expected, const std::vector<float>& noise) {
  Constant part{{}, kNoise};
  if (const auto n = Match(name, "noise_first#")) {
    part.found.assign(noise.begin(), noise.begin() + static_cast<int64_t>(n->at(0)));
  } else if (const auto last = Match(name, "noise_last#")) {
    part.found.assign(noise.end() - static_cast<int64_t>(last->at(0)), noise.end());
  } else if (const auto corner = Match(name, "noise_t#_#")) {
    const auto from = static_cast<int64_t>(corner->at(0));
    const int64_t count = std::min(expected.dim(1), kNoiseFrames - from);
    for (int64_t c = 0; c < kMel && count > 0; ++c) {
      const auto row = noise.begin() + c * kNoiseFrames + from;
      part.found.insert(part.found.end(), row, row + count);
    }
  } else {
    return std::nullopt;
  }
  return part;
}

Found Times(std::string_view name) {
  const FlowTimes times = MakeFlowTimes();
  Constant found{{times.times.begin(), times.times.end()}};
  if (name == "t_steps") return found;
  if (name == "dt_steps") return Constant{{times.steps.begin(), times.steps.end()}};
  if (name == "t_span") {
    found.found.push_back(times.times.back() + times.steps.back());
    return found;
  }
  if (name != "sinusoid_steps") return std::nullopt;
  Constant codes{{}, kSinusoid};
  for (const float t : times.times) {
    const std::vector<float> code = TimeCode(t);
    codes.found.insert(codes.found.end(), code.begin(), code.end());
  }
  return codes;
}

// The tiny estimator's time embedding at each step.
Result<Constant> TimeEmbeddings(const Place& place) {
  constexpr int64_t kHeadDim = 16;
  PARLEY_TRY(const auto weights, GeneratedWeights::FromFile(place.root / "flow.json"));
  PARLEY_TRY(const auto flow, Flow::Create(*weights, {.head_dim = kHeadDim}));
  nn::Executor executor(1);
  Constant embeddings{{}, kSinusoid};
  for (const float t : MakeFlowTimes().times) {
    nn::Taps taps;
    PARLEY_TRY(const auto vectors, flow->estimator().EmbedTime(executor, t, &taps));
    const std::vector<float>& tap = taps["temb"];
    embeddings.found.insert(embeddings.found.end(), tap.begin(), tap.end());
  }
  return embeddings;
}

Result<Found> Compute(const Place& place, std::string_view name, const NpyArray& expected,
                      const std::vector<float>& noise) {
  if (name == "temb_steps_tiny") {
    PARLEY_TRY(Constant embeddings, TimeEmbeddings(place));
    return Found(std::move(embeddings));
  }
  Found found = Window(name);
  if (!found) found = Table(name, expected);
  if (!found) found = NoisePart(name, expected, noise);
  if (!found) found = Times(name);
  return found;
}

// Sums over the whole buffer and counts over the filterbanks.
Status AddStatistics(const Place& place, const std::vector<float>& noise, std::vector<Row>& rows) {
  std::error_code ignored;
  if (!std::filesystem::exists(place.set / "info.json", ignored)) return {};
  PARLEY_TRY(const nlohmann::json info, ReadJson(place.set / "info.json"));
  double sum = 0;
  double sum_abs = 0;
  double squares = 0;
  for (const float value : noise) {
    sum += value;
    sum_abs += std::abs(value);
    squares += static_cast<double>(value) * value;
  }
  const auto count = static_cast<double>(noise.size());
  const double mean = sum / count;
  const auto [least, most] = std::minmax_element(noise.begin(), noise.end());
  const auto nonzero = [](const Filterbank& bank) {
    return static_cast<double>(std::count_if(bank.weights.begin(), bank.weights.end(),
                                             [](float weight) { return weight != 0; }));
  };
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
  hold("noise_mean", mean, kNoise);
  hold("noise_std", std::sqrt(squares / count - mean * mean), kNoise);
  hold("noise_sum_abs", sum_abs, kNoiseSum);
  hold("noise_min", *least, kNoise);
  hold("noise_max", *most, kNoise);
  hold("mel80_24k_nonzero", nonzero(SlaneyFilterbank(24'000, 1920, 80, 0, kHighHz)), 0);
  hold("mel128_nonzero", nonzero(SlaneyFilterbank(16'000, 400, 128, 0, kHighHz)), 0);
  return {};
}

std::vector<std::filesystem::path> Arrays(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".npy") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<std::vector<Row>> RunConstantsSet(const Place& place) {
  const std::vector<float> noise = ChannelMajor(MakeFlowNoise());
  std::vector<Row> rows;
  for (const std::filesystem::path& file : Arrays(place.set)) {
    const std::string name = file.stem().string();
    PARLEY_TRY(const NpyArray expected, ReadNpy(file));
    PARLEY_TRY(const Found found, Compute(place, name, expected, noise));
    if (!found) {
      Row row{"constants", name};
      row.verdict = Verdict::kSkipped;
      row.note = "nothing here has that name";
      rows.push_back(std::move(row));
      continue;
    }
    const auto& floats = expected.doubles.empty() ? expected.floats : Floats(expected.doubles);
    rows.push_back(Compare("constants", name, found->found, floats, found->tolerance));
  }
  PARLEY_TRY_STATUS(AddStatistics(place, noise, rows));
  return rows;
}

}  // namespace parley::cosyvoice2::goldens
