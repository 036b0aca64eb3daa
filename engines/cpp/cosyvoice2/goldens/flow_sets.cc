// G7, G8, G9: the flow's encoder, its estimator, and the way from noise to mel, against the
// official modules; and the flow read on chunk by chunk against the same.
#include <algorithm>

#include "cosyvoice2/flow/flow.h"
#include "cosyvoice2/goldens/model_data.h"
#include "cosyvoice2/goldens/model_sets.h"

namespace parley::cosyvoice2::goldens {
namespace {

using nlohmann::json;

constexpr int kThreads = 2;
constexpr int64_t kMel = 80;
constexpr int64_t kHeadDim = 16;  // of the tiny estimator
constexpr Tolerance kEncoder = {2e-4, 0.03};
constexpr Tolerance kEncoderInside = {5e-4, 0.03};
constexpr Tolerance kEstimator = {1e-4, 0.05};

struct TinyFlow {
  std::unique_ptr<GeneratedWeights> weights;
  std::unique_ptr<Flow> flow;
};

Result<TinyFlow> MakeFlow(const Place& place) {
  TinyFlow tiny;
  PARLEY_TRY(tiny.weights, GeneratedWeights::FromFile(place.root / "flow.json"));
  PARLEY_TRY(tiny.flow,
             Flow::Create(*tiny.weights, {.head_dim = kHeadDim, .matrix_type = MatrixType(place)}));
  return tiny;
}

Status EncoderCase(const Place& place, const Flow& flow, const json& one, nn::Executor& executor,
                   std::vector<Row>& rows) {
  const std::string name = one.at("case");
  const auto tokens = one.at("token").get<std::vector<int>>();
  nn::Taps taps;
  EncoderState state = flow.encoder().NewState();
  const Encoder::Options options = {
      .chunked = one.at("streaming"), .final = one.at("finalize"), .keep = false};
  PARLEY_TRY(const auto mu, flow.encoder().Forward(executor, state, tokens, options, &taps));
  for (const auto& file : one.at("files").get<std::vector<std::string>>()) {
    PARLEY_TRY(const auto expected, ReadFloats(place.set, name + "_" + file));
    const bool last = file == "out" || file == "mu";
    rows.push_back(Hold(place, name, file, taps[file], expected, last ? kEncoder : kEncoderInside));
  }
  return {};
}

// Channels of one frame side by side: x, mu, speaker, condition.
Result<std::vector<float>> EstimatorInput(const Place& place, const Flow& flow, int64_t frames) {
  const std::string prefix = "est_T" + std::to_string(frames);
  PARLEY_TRY(const auto mu, ReadFloats(place.set, prefix + "_mu"));
  PARLEY_TRY(const auto cond, ReadFloats(place.set, prefix + "_cond"));
  PARLEY_TRY(const auto speaker, ReadFloats(place.set, prefix + "_spk"));
  std::vector<float> input(static_cast<size_t>(frames * Estimator::kInput));
  for (int64_t t = 0; t < frames; ++t) {
    float* const row = &input[t * Estimator::kInput];
    for (int64_t c = 0; c < kMel; ++c) {
      row[c] = flow.noise()[t * kMel + c];
      row[kMel + c] = mu[c * frames + t];
      row[2 * kMel + c] = speaker[c];
      row[3 * kMel + c] = cond[c * frames + t];
    }
  }
  return input;
}

Status EstimatorCase(const Place& place, const Flow& flow, const json& one, nn::Executor& executor,
                     std::vector<Row>& rows) {
  const std::string name = one.at("case");
  const int64_t frames = one.at("T");
  PARLEY_TRY(const auto input, EstimatorInput(place, flow, frames));
  nn::Taps taps;
  PARLEY_TRY(const auto time,
             flow.estimator().EmbedTime(executor, one.at("t").get<float>(), &taps));
  const Estimator::Call call = {
      .input = input, .batch = 1, .time = &time, .chunk = one.at("streaming") ? kChunkFrames : 0};
  PARLEY_TRY(const auto v, flow.estimator().Forward(executor, call, &taps));
  PARLEY_TRY(const auto expected, ReadFloats(place.set, name + "_v"));
  rows.push_back(Hold(place, name, "v", Transpose(v, frames, kMel), expected, kEstimator));
  for (const auto& file : one.at("intermediates").get<std::vector<std::string>>()) {
    PARLEY_TRY(const auto inside, ReadFloats(place.set, name + "_" + file));
    rows.push_back(Hold(place, name, file, taps[file], inside, kEstimator));
  }
  return {};
}

Result<FlowPrompt> ReadPrompt(const Place& place, const json& one) {
  const auto array = [&](const char* field) {
    const std::string file = one.at(field);
    return ReadFloats(place.set, file.substr(0, file.size() - 4));
  };
  FlowPrompt prompt = {.tokens = one.at("prompt_token")};
  PARLEY_TRY(prompt.mel, array("prompt_feat"));
  PARLEY_TRY(prompt.embedding, array("embedding"));
  return prompt;
}

class CfmRun {
 public:
  CfmRun(const Place& place, const Flow& flow) : place_(place), flow_(flow), executor_(kThreads) {}

  Status Case(const json& one) {
    const std::string name = one.at("case");
    PARLEY_TRY(const FlowPrompt prompt, ReadPrompt(place_, one));
    const auto tokens = one.at("token").get<std::vector<int>>();
    Flow::Inside inside;
    const Flow::Whole whole = {
        .tokens = tokens, .chunked = one.at("streaming"), .final = one.at("finalize")};
    PARLEY_TRY(const auto mel, flow_.Run(executor_, prompt, whole, &inside));
    PARLEY_TRY_STATUS(HoldFile(name, one.at("mel"), "mel", mel));
    if (!std::filesystem::exists(place_.set / (name + "_steps.npy"))) return {};
    std::vector<float> steps;
    for (const auto& step : inside.steps) {
      const auto channels = Transpose(step, static_cast<int64_t>(step.size()) / kMel, kMel);
      steps.insert(steps.end(), channels.begin(), channels.end());
    }
    PARLEY_TRY(const auto expected, ReadFloats(place_.set, name + "_steps"));
    HoldMel(place_, name, "steps", steps, expected, rows);
    PARLEY_TRY(const auto speaker, ReadFloats(place_.set, name + "_spk"));
    rows.push_back(Compare(name, "speaker", inside.speaker, speaker, 1e-5));
    PARLEY_TRY(const auto mu, ReadFloats(place_.set, name + "_mu"));
    rows.push_back(Hold(place_, name, "mu", Channels(inside.mu), mu, kEncoder));
    return {};
  }

  Status Schedule(const json& one) {
    const std::string name = one.at("case");
    PARLEY_TRY(const FlowPrompt prompt, ReadPrompt(place_, one));
    const auto tokens = one.at("token").get<std::vector<int>>();
    for (const json& hop : one.at("hops")) {
      const Flow::Whole whole = {
          .tokens = std::span(tokens).first(hop.at("tokens_given").get<size_t>()),
          .first_token = hop.at("offset"),
          .chunked = true,
          .final = false};
      PARLEY_TRY(const auto mel, flow_.Run(executor_, prompt, whole));
      PARLEY_TRY_STATUS(HoldFile(name, hop.at("mel"), "hop", mel));
    }
    Flow::Whole last = {.tokens = tokens, .first_token = one.at("final_offset")};
    PARLEY_TRY(const auto full, flow_.Run(executor_, prompt, last));
    PARLEY_TRY_STATUS(HoldFile(name, one.at("final_official"), "last, official", full));
    last.chunked = true;
    PARLEY_TRY(const auto chunked, flow_.Run(executor_, prompt, last));
    PARLEY_TRY_STATUS(HoldFile(name, one.at("final_chunked"), "last, chunked", chunked));
    return ReadOn(one, prompt, tokens);
  }

  std::vector<Row> rows;

 private:
  // The same hops from a state that goes on.
  Status ReadOn(const json& one, const FlowPrompt& prompt, std::span<const int> tokens) {
    const std::string name = one.at("case");
    std::vector<int> all = prompt.tokens;
    all.insert(all.end(), tokens.begin(), tokens.end());
    const auto prompt_tokens = static_cast<int64_t>(prompt.tokens.size());
    FlowState state = flow_.NewState();
    int64_t read = 0;
    const auto next = [&](int64_t end, bool final, const std::string& file) -> Status {
      const int64_t looked_at = final ? 0 : kLookahead;
      PARLEY_TRY(auto mel,
                 flow_.Continue(executor_, state, prompt,
                                std::span(all).subspan(read, end + looked_at - read), final));
      const int64_t skipped = std::max<int64_t>(0, prompt_tokens - read) * kFramesAToken * kMel;
      mel.erase(mel.begin(), mel.begin() + skipped);
      read = end;
      return HoldFile(name, file, "read on", mel);
    };
    for (const json& hop : one.at("hops")) {
      const int64_t end = hop.at("offset").get<int64_t>() + hop.at("hop").get<int64_t>();
      PARLEY_TRY_STATUS(next(prompt_tokens + end, false, hop.at("mel")));
    }
    return next(static_cast<int64_t>(all.size()), true, one.at("final_chunked"));
  }

  Status HoldFile(const std::string& name, const std::string& file, const std::string& what,
                  std::span<const float> frames) {
    PARLEY_TRY(const auto expected, ReadFloats(place_.set, file.substr(0, file.size() - 4)));
    HoldMel(place_, name, what, Channels(frames), expected, rows);
    return {};
  }

  // As the data have it: [80][frames].
  static std::vector<float> Channels(std::span<const float> frames) {
    return Transpose(frames, static_cast<int64_t>(frames.size()) / kMel, kMel);
  }

  const Place& place_;
  const Flow& flow_;
  nn::Executor executor_;
};

// Of the set's list, by the small flow.
Result<std::vector<Row>> EachCase(const Place& place, decltype(EncoderCase)* run) {
  PARLEY_TRY(const TinyFlow tiny, MakeFlow(place));
  PARLEY_TRY(const json cases, ReadJson(place.set / "cases.json"));
  nn::Executor executor(kThreads);
  std::vector<Row> rows;
  for (const json& one : cases) PARLEY_TRY_STATUS(run(place, *tiny.flow, one, executor, rows));
  return rows;
}

}  // namespace

Result<std::vector<Row>> RunEncoder(const Place& place) { return EachCase(place, EncoderCase); }
Result<std::vector<Row>> RunEstimator(const Place& place) { return EachCase(place, EstimatorCase); }

Result<std::vector<Row>> RunCfm(const Place& place) {
  PARLEY_TRY(const TinyFlow tiny, MakeFlow(place));
  CfmRun run(place, *tiny.flow);
  PARLEY_TRY(const json cases, ReadJson(place.set / "cases.json"));
  for (const json& one : cases) PARLEY_TRY_STATUS(run.Case(one));
  PARLEY_TRY(const json schedules, ReadJson(place.set / "hop_schedules.json"));
  for (const json& one : schedules) PARLEY_TRY_STATUS(run.Schedule(one));
  return std::move(run.rows);
}

}  // namespace parley::cosyvoice2::goldens
