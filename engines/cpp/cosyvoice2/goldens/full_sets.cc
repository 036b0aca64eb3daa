// G13: the models at their real widths: the vocoder, one layer of the language model, and one step
// of the flow.
#include <algorithm>

#include "cosyvoice2/flow/flow.h"
#include "cosyvoice2/goldens/model_data.h"
#include "cosyvoice2/goldens/model_sets.h"
#include "cosyvoice2/hift/hift.h"
#include "cosyvoice2/lm/lm.h"

namespace parley::cosyvoice2::goldens {
namespace {

using nlohmann::json;

constexpr int kThreads = 2;
constexpr int64_t kMel = 80;
constexpr double kDecode = 2e-5;
constexpr double kLmRelative = 2e-4;
constexpr double kLmRelative8 = 0.08;  // with weights in q8_0
constexpr Tolerance kEncoder = {2e-4, 0.03};
constexpr Tolerance kEstimator = {1e-4, 0.05};
constexpr Tolerance kCfm = {1e-3, 0.005};
constexpr Tolerance kF0Hz = {1e-3, 0};
constexpr Tolerance kSource = {3e-3, 0};
constexpr Tolerance kFromOwnSource = {3e-3, 0};

class FullRun {
 public:
  explicit FullRun(const Place& place) : place_(place), set_(place.set), executor_(kThreads) {}

  Status Vocoder(const json& one) {
    PARLEY_TRY(const auto weights, GeneratedWeights::FromFile(set_ / "hift_full.json"));
    PARLEY_TRY(const auto hift, Hift::Create(*weights));
    PARLEY_TRY(const auto channels, ReadFloats(set_, "hift_mel"));
    const auto mel = Transpose(channels, kMel, one.at("T"));
    PARLEY_TRY(const auto f0, hift->PredictF0(executor_, mel));
    PARLEY_TRY_STATUS(Hold("hift", "f0", f0, kF0Hz));
    const HashNoise noise(one.at("noise").get<std::string>());
    const auto source = MakeSource(f0, hift->source_mix(), noise);
    PARLEY_TRY_STATUS(Hold("hift", "source", source, kSource));
    PARLEY_TRY(const auto wave, hift->Decode(executor_, mel, source));
    PARLEY_TRY_STATUS(Hold("hift", "wave", wave, kFromOwnSource));
    PARLEY_TRY(const auto official, ReadFloats(set_, "hift_source"));
    PARLEY_TRY(const auto decoded, hift->Decode(executor_, mel, official));
    PARLEY_TRY(const auto expected, ReadFloats(set_, "hift_wave"));
    rows.push_back(Compare("hift", "wave of the official source", decoded, expected, kDecode));
    return {};
  }

  Status LanguageModel(const json& one) {
    PARLEY_TRY(const auto weights, GeneratedWeights::FromFile(set_ / "llm_full.json"));
    PARLEY_TRY(const auto lm, Lm::Create(*weights, {.matrix_type = MatrixType(place_)}));
    const std::vector<Symbol> symbols = SymbolsOf(one);
    LmState state;
    nn::Taps taps;
    PARLEY_TRY(const auto logits, lm->Forward(executor_, state, symbols, &taps));
    const auto& hidden = taps["hidden"];
    const int64_t width = static_cast<int64_t>(hidden.size() / symbols.size());
    PARLEY_TRY_STATUS(HoldRelative("hidden_last", {hidden.end() - width, hidden.end()}));
    PARLEY_TRY_STATUS(HoldRelative("logits_last", logits));
    PARLEY_TRY_STATUS(HoldRelative("k0", state.Keys(0)));
    const Symbol next = {Symbol::Kind::kSpeech, one.at("greedy_token")};
    PARLEY_TRY(const auto step, lm->Forward(executor_, state, std::span(&next, 1)));
    return HoldRelative("logits_step1", step);
  }

  Status FlowStep(const json& one) {
    PARLEY_TRY(const auto weights, GeneratedWeights::FromFile(set_ / "flow_full.json"));
    PARLEY_TRY(const auto flow, Flow::Create(*weights, {.matrix_type = MatrixType(place_)}));
    PARLEY_TRY_STATUS(FlowStep(one, *flow, "full", false));
    return FlowStep(one, *flow, "stream", true);
  }

  std::vector<Row> rows;

 private:
  Status FlowStep(const json& one, const Flow& flow, const std::string& mode, bool chunked) {
    auto tokens = one.at("prompt_token").get<std::vector<int>>();
    for (int token : one.at("token").get<std::vector<int>>()) tokens.push_back(token);
    EncoderState state = flow.encoder().NewState();
    PARLEY_TRY(
        const auto mu,
        flow.encoder().Forward(executor_, state, tokens,
                               {.chunked = chunked, .final = one.at("finalize"), .keep = false}));
    const int64_t frames = one.at("frames");
    const std::string name = "flow_" + mode;
    PARLEY_TRY_STATUS(HoldFrames(name, "mu", mu, kEncoder));
    PARLEY_TRY(const auto speaker, ReadFloats(set_, "flow_spk"));
    PARLEY_TRY(const auto prompt, ReadFloats(set_, "flow_prompt_feat"));
    const int64_t in = Estimator::kInput;
    std::vector<float> input(static_cast<size_t>(2 * frames * in));
    std::vector<float> x(flow.noise().begin(), flow.noise().begin() + frames * kMel);
    for (int64_t t = 0; t < frames; ++t) {
      std::copy_n(&x[t * kMel], kMel, &input[t * in]);
      std::copy_n(&x[t * kMel], kMel, &input[(frames + t) * in]);
      std::copy_n(&mu[t * kMel], kMel, &input[t * in + kMel]);
      std::copy_n(speaker.data(), kMel, &input[t * in + 2 * kMel]);
      const bool of_prompt = (t + 1) * kMel <= static_cast<int64_t>(prompt.size());
      if (of_prompt) std::copy_n(&prompt[t * kMel], kMel, &input[t * in + 3 * kMel]);
    }
    PARLEY_TRY(const auto time, flow.estimator().EmbedTime(executor_, one.at("t").get<float>()));
    PARLEY_TRY(
        const auto v,
        flow.estimator().Forward(
            executor_, {.input = input, .time = &time, .chunk = chunked ? kChunkFrames : 0}));
    const std::span<const float> with = std::span(v).first(frames * kMel);
    const std::span<const float> without = std::span(v).subspan(frames * kMel);
    PARLEY_TRY_STATUS(HoldFrames(name, "v_cond", with, kEstimator));
    PARLEY_TRY_STATUS(HoldFrames(name, "v_uncond", without, kEstimator));
    const float dt = MakeFlowTimes().steps[0];
    for (size_t i = 0; i < x.size(); ++i) x[i] += dt * (1.7f * with[i] - 0.7f * without[i]);
    return HoldFrames(name, "x1", x, kCfm);
  }

  Status HoldFrames(const std::string& name, const std::string& tensor,
                    std::span<const float> frames, Tolerance tolerance) {
    return Hold(name, tensor, Transpose(frames, static_cast<int64_t>(frames.size()) / kMel, kMel),
                tolerance);
  }
  Status Hold(const std::string& name, const std::string& tensor, const std::vector<float>& found,
              Tolerance tolerance) {
    PARLEY_TRY(const auto expected, ReadFloats(set_, name + "_" + tensor));
    rows.push_back(goldens::Hold(place_, name, tensor, found, expected, tolerance));
    return {};
  }
  Status HoldRelative(const std::string& tensor, const std::vector<float>& found) {
    PARLEY_TRY(const auto expected, ReadFloats(set_, "llm_" + tensor));
    rows.push_back(CompareRelative("llm", tensor, found, expected,
                                   place_.eight_bits ? kLmRelative8 : kLmRelative));
    return {};
  }

  const Place& place_;
  const std::filesystem::path set_;
  nn::Executor executor_;
};

}  // namespace

Result<std::vector<Row>> RunFullSize(const Place& place) {
  PARLEY_TRY(const json cases, ReadJson(place.set / "cases.json"));
  FullRun run(place);
  for (const json& one : cases) {
    const std::string name = one.at("case");
    // The vocoder has no weights in fewer bits.
    if (name == "hift" && !place.eight_bits) PARLEY_TRY_STATUS(run.Vocoder(one));
    if (name == "llm") PARLEY_TRY_STATUS(run.LanguageModel(one));
    if (name == "flow") PARLEY_TRY_STATUS(run.FlowStep(one));
  }
  return std::move(run.rows);
}

}  // namespace parley::cosyvoice2::goldens
