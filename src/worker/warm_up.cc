#include "worker/internal/warm_up.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "audio/loudness.h"

namespace parley::worker {
namespace {

constexpr const char* kSentence = "Hello, I am listening.";
constexpr int64_t kUnboundedCredit = int64_t{1} << 32;
constexpr int64_t kSilenceMs = 300;

engine::Start StartFor(const ModelInstance& instance) {
  switch (instance.kind) {
    case ModelKind::kTts: {
      engine::TtsStart start;
      start.normalized = true;
      return {kUnboundedCredit, std::move(start)};
    }
    case ModelKind::kAsr: {
      engine::AsrStart start;
      start.partials = false;
      if (instance.loaded.sample_rate_hz > 0) start.sample_rate_hz = instance.loaded.sample_rate_hz;
      return {0, std::move(start)};
    }
    case ModelKind::kLlm:
      break;
  }
  engine::LlmStart start;
  start.messages.push_back({ports::LanguageModel::Role::kUser, "Hello", {}, ""});
  start.sampling.max_tokens = 1;
  return {0, std::move(start)};
}

// What follows the start.
void Ask(ModelInstance& instance, uint32_t stream) {
  if (instance.kind == ModelKind::kTts) {
    engine::Text text;
    text.utterance = 1;
    text.text = kSentence;
    instance.engine->Send(stream, text);
    instance.engine->Send(stream, engine::End{});
  } else if (instance.kind == ModelKind::kAsr) {
    const int64_t wanted = kSilenceMs * std::max(instance.loaded.sample_rate_hz, 8'000) / 1000;
    const std::vector<float> silence(
        static_cast<size_t>(std::clamp<int64_t>(wanted, 0, instance.loaded.credit_samples)));
    if (!silence.empty()) instance.engine->SendAudio(stream, silence);
    instance.engine->Send(stream, engine::End{});
  }
}

std::optional<float> GainFor(const std::vector<float>& voice, int sample_rate_hz,
                             float target_lufs) {
  audio::LoudnessNormalizer::Config config;
  config.sample_rate_hz = sample_rate_hz;
  config.target_lufs = target_lufs;
  auto meter = audio::LoudnessNormalizer::Create(config);
  if (!meter) return std::nullopt;
  std::vector<float> copy = voice;
  (*meter)->Process(copy);
  const double loudness_lufs = (*meter)->loudness_lufs();
  if (!std::isfinite(loudness_lufs)) return std::nullopt;
  return std::clamp(target_lufs - static_cast<float>(loudness_lufs), config.gain_db_min,
                    config.gain_db_max);
}

}  // namespace

struct ModelWarmUp::State {
  void OnEvent(engine::StreamEvent event) {
    if (auto* audio = std::get_if<engine::StreamAudio>(&event)) {
      voice.insert(voice.end(), audio->samples.begin(), audio->samples.end());
    } else if (const auto* error = std::get_if<engine::ErrorMessage>(&event)) {
      failure = Error{error->code, "the first utterance after loading failed: " + error->message};
    } else if (std::holds_alternative<engine::Idle>(event)) {
      Finish();
    }
  }

  void Finish() {
    if (!done) return;
    timer->Cancel();
    Outcome outcome;
    if (!failure && kind == ModelKind::kTts) {
      outcome.gain_db = GainFor(voice, sample_rate_hz, target_lufs);
    }
    const DoneWith tell = std::exchange(done, nullptr);
    if (failure) {
      tell(Fail(*failure));
    } else {
      tell(outcome);
    }
  }

  ModelKind kind = ModelKind::kTts;
  int sample_rate_hz = 0;
  float target_lufs = 0;
  DoneWith done;
  std::unique_ptr<net::Timer> timer;
  std::vector<float> voice;
  std::optional<Error> failure;
};

std::unique_ptr<ModelWarmUp> ModelWarmUp::Start(ModelInstance& instance, net::Executor& executor,
                                                int64_t deadline_us, float target_lufs,
                                                DoneWith done) {
  auto state = std::make_shared<State>();
  state->kind = instance.kind;
  state->sample_rate_hz = instance.loaded.sample_rate_hz;
  state->target_lufs = target_lufs;
  state->done = std::move(done);
  state->timer = executor.MakeTimer();
  const std::weak_ptr<State> weak = state;
  auto sink = [weak, &executor](engine::StreamEvent event) {
    executor.Post([weak, event = std::move(event)]() mutable {
      if (const auto alive = weak.lock()) alive->OnEvent(std::move(event));
    });
  };
  const auto stream = instance.engine->Start(StartFor(instance), std::move(sink));
  if (!stream) {
    state->failure = stream.error();
    deadline_us = 0;
  } else {
    Ask(instance, *stream);
  }
  state->timer->Start(deadline_us, [weak] {
    const auto alive = weak.lock();
    if (!alive) return;
    if (!alive->failure) {
      alive->failure =
          Error{Code::kDeadlineExceeded, "the first utterance after loading took too long"};
    }
    alive->Finish();
  });
  return std::unique_ptr<ModelWarmUp>(new ModelWarmUp(std::move(state)));
}

ModelWarmUp::~ModelWarmUp() { state_->done = nullptr; }

}  // namespace parley::worker
