#include "cosyvoice2/flow/flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "cosyvoice2/flow/noise.h"
#include "cosyvoice2/profile/profile.h"

namespace parley::cosyvoice2 {
namespace {

constexpr int64_t kMel = 80;
constexpr int64_t kSpeaker = 192;
constexpr int64_t kInput = Estimator::kInput;

}  // namespace

FlowTimes MakeFlowTimes() {
  std::array<float, kFlowSteps + 1> span;
  for (int i = 0; i <= kFlowSteps; ++i) {
    const float even = static_cast<float>(i) / kFlowSteps;
    span[i] = 1.0f - std::cos(even * 0.5f * std::numbers::pi_v<float>);
  }
  FlowTimes made;
  float t = span[0];
  float dt = span[1] - span[0];
  for (int i = 0; i < kFlowSteps; ++i) {
    made.times[i] = t;
    made.steps[i] = dt;
    t += dt;
    if (i + 2 <= kFlowSteps) dt = span[i + 2] - t;
  }
  return made;
}

Flow::Flow(const Weights& weights, const FlowConfig& config)
    : config_(config),
      store_(weights, config.matrix_type, config.kept),
      encoder_(std::make_unique<Encoder>(weights, store_)),
      estimator_(std::make_unique<Estimator>(weights, store_, config.head_dim)),
      speaker_weight_(store_.Table("spk_embed_affine_layer.weight", kMel, kSpeaker)),
      speaker_bias_(store_.Vector("spk_embed_affine_layer.bias", kMel)) {}

Result<std::unique_ptr<Flow>> Flow::Create(const Weights& weights, const FlowConfig& config) {
  std::unique_ptr<Flow> flow(new Flow(weights, config));
  PARLEY_TRY_STATUS(flow->store_.Load());
  PARLEY_TRY_STATUS(flow->Prepare());
  return flow;
}

Status Flow::Prepare() {
  noise_ = MakeFlowNoise();
  const FlowTimes times = MakeFlowTimes();
  step_sizes_ = times.steps;
  nn::Executor executor(1);
  for (int i = 0; i < kFlowSteps; ++i) {
    PARLEY_TRY(times_[i], estimator_->EmbedTime(executor, times.times[i]));
  }
  return {};
}

Result<std::vector<float>> Flow::Speaker(std::span<const float> embedding) const {
  if (embedding.size() != kSpeaker) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the voice's speaker embedding has {} numbers, and the model takes {}",
                            embedding.size(), kSpeaker));
  }
  double squares = 0;
  for (float value : embedding) squares += static_cast<double>(value) * value;
  const double norm = std::max(std::sqrt(squares), 1e-12);
  const auto* const weight = static_cast<const float*>(speaker_weight_->data);
  const auto* const bias = static_cast<const float*>(speaker_bias_->data);
  std::vector<float> speaker(kMel);
  for (int64_t i = 0; i < kMel; ++i) {
    double sum = bias[i];
    for (int64_t j = 0; j < kSpeaker; ++j) sum += weight[i * kSpeaker + j] * (embedding[j] / norm);
    speaker[i] = static_cast<float>(sum);
  }
  return speaker;
}

// Frames [first, first + count) on their way from noise.
struct Flow::Solve {
  int64_t first;
  int64_t count;
  std::span<const float> mu;
  std::span<const float> speaker;
  const FlowPrompt& prompt;
  int64_t chunk;
  FlowState* state;                                    // null: a whole sequence
  std::array<std::vector<float>, kFlowSteps> tails{};  // to be
  Inside* inside = nullptr;
};

Result<std::vector<float>> Flow::RunSteps(nn::Executor& executor, Solve& solve) const {
  const int64_t count = solve.count;
  if (solve.first + count > kNoiseFrames) {
    return Fail(Code::kOutOfRange,
                fmt::format("speech of {} s with its prompt; the model has noise for {} s, so the "
                            "text must be cut",
                            (solve.first + count) / 50, kNoiseFrames / 50));
  }
  // x, mu, speaker, condition; the second sequence has x alone.
  std::vector<float> input(static_cast<size_t>(2 * count * kInput), 0.0f);
  const int64_t prompt_frames = static_cast<int64_t>(solve.prompt.mel.size()) / kMel;
  for (int64_t i = 0; i < count; ++i) {
    float* const row = &input[i * kInput];
    std::copy_n(&solve.mu[i * kMel], kMel, row + kMel);
    std::copy_n(solve.speaker.data(), kMel, row + 2 * kMel);
    const int64_t frame = solve.first + i;
    if (frame < prompt_frames) std::copy_n(&solve.prompt.mel[frame * kMel], kMel, row + 3 * kMel);
  }
  std::vector<float> x(noise_.begin() + solve.first * kMel,
                       noise_.begin() + (solve.first + count) * kMel);
  for (int step = 0; step < kFlowSteps; ++step) {
    const profile::Span span("cfm step", count);
    for (int64_t i = 0; i < 2 * count; ++i) {
      std::copy_n(&x[i % count * kMel], kMel, &input[i * kInput]);
    }
    Estimator::Call call = {.input = input, .time = &times_[step], .chunk = solve.chunk};
    if (solve.state != nullptr) {
      call.pages = &solve.state->pages_;
      call.kv_type = config_.cache_type;
      call.first_unit = step * 2 * estimator_->blocks();
      call.tails = solve.state->tails_[step];
      call.tails_out = &solve.tails[step];
    }
    PARLEY_TRY(const std::vector<float> moved, estimator_->Forward(executor, call));
    const float with = 1.0f + config_.guidance;
    for (int64_t i = 0; i < count * kMel; ++i) {
      const float v = with * moved[i] - config_.guidance * moved[count * kMel + i];
      x[i] += step_sizes_[step] * v;
    }
    if (solve.inside != nullptr) solve.inside->steps.push_back(x);
  }
  return x;
}

Result<std::vector<float>> Flow::Run(nn::Executor& executor, const FlowPrompt& prompt,
                                     const Whole& whole, Inside* inside) const {
  PARLEY_TRY(const std::vector<float> speaker, Speaker(prompt.embedding));
  std::vector<int> tokens = prompt.tokens;
  tokens.insert(tokens.end(), whole.tokens.begin(), whole.tokens.end());
  EncoderState encoder = encoder_->NewState();
  PARLEY_TRY(const std::vector<float> mu,
             encoder_->Forward(executor, encoder, tokens,
                               {.chunked = whole.chunked, .final = whole.final, .keep = false}));
  Solve solve = {.first = 0,
                 .count = static_cast<int64_t>(mu.size()) / kMel,
                 .mu = mu,
                 .speaker = speaker,
                 .prompt = prompt,
                 .chunk = whole.chunked ? kChunkFrames : 0,
                 .state = nullptr,
                 .inside = inside};
  if (inside != nullptr) {
    inside->mu = mu;
    inside->speaker = speaker;
  }
  PARLEY_TRY(std::vector<float> mel, RunSteps(executor, solve));
  const int64_t cut =
      static_cast<int64_t>(prompt.mel.size()) + whole.first_token * kFramesAToken * kMel;
  mel.erase(mel.begin(), mel.begin() + cut);
  return mel;
}

FlowState Flow::NewState() const {
  FlowState state;
  state.encoder_ = encoder_->NewState();
  state.pages_ = KvPages(2 * kFlowSteps * estimator_->blocks(),
                         estimator_->kv_row_bytes(config_.cache_type), kChunkFrames);
  for (std::vector<float>& tails : state.tails_) tails.assign(2 * estimator_->tail_size(), 0.0f);
  return state;
}

size_t Flow::cache_bytes_a_second() const {
  constexpr int64_t kFramesASecond = 50;
  return static_cast<size_t>(kFramesASecond * 2 * kFlowSteps * estimator_->blocks()) *
         estimator_->kv_row_bytes(config_.cache_type);
}

Result<std::vector<float>> Flow::Continue(nn::Executor& executor, FlowState& state,
                                          const FlowPrompt& prompt, std::span<const int> tokens,
                                          bool final) const {
  PARLEY_TRY(const std::vector<float> speaker, Speaker(prompt.embedding));
  EncoderState encoder = state.encoder_;
  if (config_.window_frames > 0) {
    const int64_t kept_from = state.frames() - config_.window_frames;
    encoder.token_pages.DropBefore(kept_from / kFramesAToken);
    encoder.mel_pages.DropBefore(kept_from);
    state.pages_.DropBefore(kept_from);
  }
  PARLEY_TRY(const std::vector<float> mu,
             encoder_->Forward(executor, encoder, tokens, {.chunked = true, .final = final}));
  Solve solve = {.first = state.frames(),
                 .count = static_cast<int64_t>(mu.size()) / kMel,
                 .mu = mu,
                 .speaker = speaker,
                 .prompt = prompt,
                 .chunk = kChunkFrames,
                 .state = &state};
  PARLEY_CHECK(final || solve.count % kChunkFrames == 0);
  const int64_t end = solve.first + solve.count;
  PARLEY_TRY_STATUS(state.pages_.Reserve(end));
  PARLEY_TRY(std::vector<float> mel, RunSteps(executor, solve));
  state.pages_.Commit(end);
  state.tails_ = std::move(solve.tails);
  state.encoder_ = std::move(encoder);
  return mel;
}

}  // namespace parley::cosyvoice2
