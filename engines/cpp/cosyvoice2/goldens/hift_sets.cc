// G10: the vocoder against the official HiFTGenerator.
#include "cosyvoice2/goldens/model_data.h"
#include "cosyvoice2/goldens/model_sets.h"
#include "cosyvoice2/hift/hift.h"
#include "cosyvoice2/nn/executor.h"

namespace parley::cosyvoice2::goldens {
namespace {

constexpr int kThreads = 2;
constexpr double kF0Hz = 1e-3;
constexpr double kSource = 3e-3;         // the official phase is summed in float
constexpr double kDecode = 2e-5;         // given the official source
constexpr double kFromOwnSource = 3e-3;  // follows from kSource

class HiftCase {
 public:
  HiftCase(const Place& place, const nlohmann::json& json, std::vector<Row>& rows)
      : set_(place.set),
        name_(json.at("case").get<std::string>()),
        zero_noise_(json.at("noise") == "zero"),
        noise_(zero_noise_ ? "" : json.at("noise").get<std::string>()),
        first_sample_(json.at("noise_start_sample").get<int64_t>()),
        files_(json.at("files").get<std::vector<std::string>>()),
        rows_(rows) {}

  Status Run(const Hift& hift, nn::Executor& executor) {
    PARLEY_TRY(const std::vector<float> channels, ReadFloats(set_, name_ + "_mel"));
    const int64_t frames = static_cast<int64_t>(channels.size()) / kMelChannels;
    const std::vector<float> mel = Transpose(channels, kMelChannels, frames);
    PARLEY_TRY(const std::vector<float> f0, hift.PredictF0(executor, mel));
    PARLEY_TRY_STATUS(Hold("f0", f0, kF0Hz));
    std::vector<float> sines;
    const NoNoise silence;
    const Noise& noise = zero_noise_ ? static_cast<const Noise&>(silence) : noise_;
    const std::vector<float> source =
        MakeSource(f0, hift.source_mix(), noise, {.first_sample = first_sample_, .sines = &sines});
    PARLEY_TRY_STATUS(Hold("sines", sines, kSource));
    PARLEY_TRY_STATUS(Hold("source", source, kSource));
    PARLEY_TRY_STATUS(Decode(hift, executor, mel, source, "", kFromOwnSource));
    PARLEY_TRY(const std::vector<float> official, ReadFloats(set_, name_ + "_source"));
    return Decode(hift, executor, mel, official, " of the official source", kDecode);
  }

 private:
  Status Decode(const Hift& hift, nn::Executor& executor, std::span<const float> mel,
                std::span<const float> source, const std::string& what, double tolerance) {
    nn::Taps taps;
    PARLEY_TRY(const std::vector<float> wave, hift.Decode(executor, mel, source, &taps));
    for (const auto& [tap, values] : taps) {
      const auto channels = static_cast<int64_t>(ChannelsOf(tap, values.size(), mel.size()));
      const auto frames = static_cast<int64_t>(values.size()) / channels;
      PARLEY_TRY_STATUS(Hold(tap, Transpose(values, frames, channels), tolerance, what));
    }
    return Hold("wave", wave, tolerance, what);
  }

  // Taps are [frames][channels], and say only how many values there are.
  static size_t ChannelsOf(const std::string& tap, size_t values, size_t mel_values) {
    const size_t frames = mel_values / kMelChannels;
    if (tap == "conv_pre") return values / frames;
    if (tap == "stft" || tap == "conv_post") return 18;
    if (tap.ends_with('0')) return values / (8 * frames);
    if (tap.ends_with('1')) return values / (40 * frames);
    return values / (tap == "up2" ? 120 * frames : 120 * frames + 1);
  }

  Status Hold(const std::string& tensor, const std::vector<float>& found, double tolerance,
              const std::string& what = "") {
    if (std::find(files_.begin(), files_.end(), tensor) == files_.end()) return {};
    PARLEY_TRY(const std::vector<float> expected, ReadFloats(set_, name_ + "_" + tensor));
    rows_.push_back(Compare(name_, tensor + what, found, expected, tolerance));
    return {};
  }

  const std::filesystem::path set_;
  const std::string name_;
  const bool zero_noise_;
  const HashNoise noise_;
  const int64_t first_sample_;
  const std::vector<std::string> files_;
  std::vector<Row>& rows_;
};

// Variants that the manifest does not list are its own weights.
Result<std::unique_ptr<Hift>> MakeHift(const Place& place, const std::string& variant) {
  auto weights = GeneratedWeights::FromFile(place.root / "hift.json", variant);
  if (!weights && weights.error().code == Code::kNotFound) {
    weights = GeneratedWeights::FromFile(place.root / "hift.json");
  }
  if (!weights) return Fail(std::move(weights.error()));
  return Hift::Create(**weights);
}

}  // namespace

Result<std::vector<Row>> RunHift(const Place& place) {
  PARLEY_TRY(const nlohmann::json cases, ReadCases(place.set / "cases.json"));
  std::map<std::string, std::unique_ptr<Hift>> models;
  nn::Executor executor(kThreads);
  std::vector<Row> rows;
  for (const nlohmann::json& json : cases) {
    const std::string variant = json.at("variant").get<std::string>();
    if (!models.contains(variant)) {
      PARLEY_TRY(models[variant], MakeHift(place, variant));
    }
    HiftCase one(place, json, rows);
    PARLEY_TRY_STATUS(one.Run(*models[variant], executor));
  }
  return rows;
}

}  // namespace parley::cosyvoice2::goldens
