// G11: a request streamed hop by hop, against the official CosyVoice2Model.
#include <algorithm>

#include "cosyvoice2/goldens/model_data.h"
#include "cosyvoice2/goldens/model_sets.h"
#include "cosyvoice2/hift/vocoder_stream.h"
#include "cosyvoice2/stream/mel_stream.h"

namespace parley::cosyvoice2::goldens {
namespace {

using nlohmann::json;

constexpr int kThreads = 2;
constexpr int64_t kHeadDim = 16;
constexpr int64_t kFadeSamples = 3840;
constexpr double kSource = 3e-3;  // 5e-2 beyond 2 s
constexpr double kSourceLate = 5e-2;
constexpr int64_t kSourceEarlySamples = 2 * kSampleRateHz;
constexpr double kDecode = 2e-5;
constexpr double kWave = 1e-3;
constexpr double kWaveInFade = 3e-3;

// The official phase drifts with the length of what is decoded at once.
double OfflineTolerance(size_t samples) {
  const auto seconds = static_cast<double>(samples) / kSampleRateHz;
  return seconds <= 3 ? 1e-3 : seconds <= 6 ? 3e-3 : 5e-3;
}

class StreamCase {
 public:
  StreamCase(const Place& place, const Flow& flow, const Hift& hift, const json& one,
             std::vector<Row>& rows)
      : place_(place),
        set_(place.set),
        name_(one.at("case").get<std::string>()),
        flow_(flow),
        hift_(hift),
        one_(one),
        tokens_(one.at("token").get<std::vector<int>>()),
        executor_(kThreads),
        noise_("hift_noise"),
        rows_(rows) {
    prompt_.tokens = one.at("prompt_token").get<std::vector<int>>();
  }

  Status Run() {
    PARLEY_TRY(prompt_.mel, ReadFloats(set_, name_ + "_prompt_feat"));
    PARLEY_TRY(prompt_.embedding, ReadFloats(set_, name_ + "_embedding"));
    PARLEY_TRY_STATUS(Stream());
    if (place_.eight_bits) return {};
    return Offline();
  }

 private:
  Status Stream() {
    HopPlan plan({.faithful = true}, static_cast<int64_t>(prompt_.tokens.size()));
    MelStream mel_stream(flow_, prompt_, nullptr, true);
    VocoderStream vocoder(hift_, noise_, {.faithful = true});
    std::vector<float> wave;
    std::vector<size_t> seams;
    size_t call = 0;
    while (const auto hop = plan.Next(static_cast<int64_t>(tokens_.size()), true)) {
      PARLEY_TRY(const auto mel, mel_stream.Next(executor_, tokens_, *hop));
      VocoderStream::Inside inside;
      PARLEY_TRY(const auto sound, vocoder.Next(executor_, mel, hop->last, &inside));
      if (call > 0) seams.push_back(wave.size());
      wave.insert(wave.end(), sound.begin(), sound.end());
      if (call >= one_.at("calls").size()) break;
      PARLEY_TRY_STATUS(HoldCall(call, *hop, inside, sound.size()));
      ++call;
    }
    rows_.push_back(CompareExact(name_, "calls", call == one_.at("calls").size() ? 0 : 1));
    if (place_.eight_bits) return {};
    return HoldWave(wave, seams);
  }

  Status HoldCall(size_t call, const Hop& hop, const VocoderStream::Inside& inside,
                  size_t emitted) {
    const json& expected = one_.at("calls")[call];
    const bool same = hop.first == expected.at("token_offset").get<int64_t>() &&
                      hop.last == expected.at("finalize").get<bool>() &&
                      emitted == expected.at("emitted_samples").get<size_t>();
    const std::string at = name_ + "/call" + std::to_string(call);
    rows_.push_back(CompareExact(at, "hop", same ? 0 : 1));
    const std::string prefix = name_ + "_call" + std::to_string(call);
    PARLEY_TRY(const auto mel, ReadFloats(set_, prefix + "_mel"));
    const int64_t frames = static_cast<int64_t>(inside.mel.size()) / kMelChannels;
    HoldMel(place_, at, "mel", Transpose(inside.mel, frames, kMelChannels), mel, rows_);
    // What pitch is made of other mel is other sound.
    if (place_.eight_bits) return {};
    PARLEY_TRY(const auto source, ReadFloats(set_, prefix + "_source"));
    HoldSource(at, inside.source, source);
    PARLEY_TRY(const auto raw, ReadFloats(set_, prefix + "_raw"));
    // The decoder alone, on what the official code gave it.
    const auto official_mel = Transpose(mel, kMelChannels, frames);
    PARLEY_TRY(const auto decoded, hift_.Decode(executor_, official_mel, source));
    rows_.push_back(Compare(at, "raw of the official source", decoded, raw, kDecode));
    return {};
  }

  void HoldSource(const std::string& at, std::span<const float> found,
                  std::span<const float> expected) {
    const size_t early = std::min<size_t>({found.size(), expected.size(), kSourceEarlySamples});
    rows_.push_back(
        Compare(at, "source, first 2 s", found.first(early), expected.first(early), kSource));
    if (expected.size() == early && found.size() == early) return;
    rows_.push_back(
        Compare(at, "source, later", found.subspan(early), expected.subspan(early), kSourceLate));
  }

  Status HoldWave(std::span<const float> wave, const std::vector<size_t>& seams) {
    PARLEY_TRY(const auto expected, ReadFloats(set_, name_ + "_wave"));
    rows_.push_back(CompareExact(name_, "samples", wave.size() == expected.size() ? 0 : 1));
    std::vector<float> found_in, expected_in, found_out, expected_out;
    for (size_t i = 0; i < std::min(wave.size(), expected.size()); ++i) {
      const bool in = std::any_of(seams.begin(), seams.end(), [&](size_t seam) {
        return i >= seam && i < seam + kFadeSamples;
      });
      (in ? found_in : found_out).push_back(wave[i]);
      (in ? expected_in : expected_out).push_back(expected[i]);
    }
    rows_.push_back(Compare(name_, "wave", found_out, expected_out, kWave));
    if (!found_in.empty()) {
      rows_.push_back(Compare(name_, "wave in the fades", found_in, expected_in, kWaveInFade));
    }
    return {};
  }

  Status Offline() {
    PARLEY_TRY(const auto expected, ReadFloats(set_, name_ + "_offline_wave"));
    PARLEY_TRY(const auto mel, flow_.Run(executor_, prompt_, {.tokens = tokens_}));
    VocoderStream vocoder(hift_, noise_, {.faithful = true});
    PARLEY_TRY(const auto wave, vocoder.Next(executor_, mel, true));
    rows_.push_back(
        Compare(name_, "wave, not streamed", wave, expected, OfflineTolerance(expected.size())));
    return {};
  }

  const Place& place_;
  const std::filesystem::path set_;
  const std::string name_;
  const Flow& flow_;
  const Hift& hift_;
  const json& one_;
  const std::vector<int> tokens_;
  nn::Executor executor_;
  const HashNoise noise_;
  FlowPrompt prompt_;
  std::vector<Row>& rows_;
};

}  // namespace

Result<std::vector<Row>> RunStream(const Place& place) {
  PARLEY_TRY(const auto flow_weights, GeneratedWeights::FromFile(place.root / "flow.json"));
  PARLEY_TRY(const auto hift_weights, GeneratedWeights::FromFile(place.root / "hift.json"));
  PARLEY_TRY(const auto flow,
             Flow::Create(*flow_weights, {.head_dim = kHeadDim, .matrix_type = MatrixType(place)}));
  PARLEY_TRY(const auto hift, Hift::Create(*hift_weights));
  PARLEY_TRY(const json cases, ReadJson(place.set / "cases.json"));
  std::vector<Row> rows;
  for (const json& one : cases) {
    StreamCase stream(place, *flow, *hift, one, rows);
    PARLEY_TRY_STATUS(stream.Run());
  }
  return rows;
}

}  // namespace parley::cosyvoice2::goldens
