#include "engine/internal/conformance_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/random.h"

namespace parley::engine::internal {
namespace {

constexpr int kSpeechRateHz = 16'000;
constexpr int64_t kPingIntervalMs = 50;

// Noise that comes and goes four times a second, as syllables do.
std::vector<float> SyllableNoise() {
  SplitMix64 random(1);
  std::vector<float> samples(2 * kSpeechRateHz);
  for (size_t i = 0; i < samples.size(); ++i) {
    const double phase = 2 * std::numbers::pi * 4 * static_cast<double>(i) / kSpeechRateHz;
    samples[i] = static_cast<float>(0.1 * random.NextNormal() * (0.5 - 0.5 * std::cos(phase)));
  }
  return samples;
}

}  // namespace

ConformanceBench::ConformanceBench(const ConformanceConfig& config)
    : config_(config), speech_(config.speech.empty() ? SyllableNoise() : config.speech) {}

bool ConformanceBench::Can(const std::string& capability) const {
  if (!loaded_) return false;
  const auto& all = loaded_->capabilities;
  return std::find(all.begin(), all.end(), capability) != all.end();
}

Result<std::unique_ptr<RawEngine>> ConformanceBench::Greeted(bool welcome) {
  PARLEY_TRY(auto engine, RawEngine::Start(config_.spec));
  const Result<Received> first = engine->Next(config_.spec.deadlines.hello_ms);
  if (!first) {
    return Broken(
        fmt::format("no hello: {}; it printed:\n  {}", first.error().message, engine->LastLines()));
  }
  const auto* hello = first->Get<Hello>();
  if (!hello || first->stream != 0) {
    return Broken(fmt::format("its first message is \"{}\" on stream {}, not \"hello\" on 0",
                              first->Name(), first->stream));
  }
  hello_ = *hello;
  if (welcome) engine->Send(0, Welcome{.protocol = hello->protocol_min});
  return engine;
}

Result<RawEngine*> ConformanceBench::Ready() {
  if (shared_) return shared_.get();
  logs_.clear();
  granted_.clear();
  last_stream_ = 0;
  PARLEY_TRY(auto engine, Greeted());
  PARLEY_TRY_STATUS(Load(*engine));
  shared_ = std::move(engine);
  return shared_.get();
}

Status ConformanceBench::Load(RawEngine& engine) {
  const SteadyClock clock;
  const int64_t until_us = clock.NowUs() + config_.spec.deadlines.load_ms * 1000;
  engine.Send(0, config_.load);
  uint64_t ping_id = 0;
  int64_t ping_us = 0;
  bool answered = true;
  while (clock.NowUs() < until_us) {
    if (answered && clock.NowUs() - ping_us > kPingIntervalMs * 1000) {
      ping_us = clock.NowUs();
      answered = false;
      engine.Send(0, Ping{++ping_id});
    }
    const Result<Received> received = engine.Next(kPingIntervalMs);
    if (!received && received.error().code == Code::kDeadlineExceeded) continue;
    if (!received) {
      return Broken(fmt::format("the load ended with: {}; it printed:\n  {}",
                                received.error().message, engine.LastLines()));
    }
    if (const auto* pong = received->Get<Pong>(); pong && pong->id == ping_id) {
      answered = true;
      ping_ms_max_ = std::max(ping_ms_max_, static_cast<double>(clock.NowUs() - ping_us) / 1000.0);
    } else if (const auto* error = received->Get<ErrorMessage>()) {
      return Broken(fmt::format("the load failed: {}: {}", CodeName(error->code), error->message));
    } else if (const auto* loaded = received->Get<Loaded>()) {
      loaded_ = *loaded;
      return {};
    }
  }
  return Broken(fmt::format("not loaded within {} ms", config_.spec.deadlines.load_ms));
}

Start ConformanceBench::PlainStart(int64_t credit) const {
  Start start{.credit_samples = credit};
  if (config_.spec.kind == ModelKind::kAsr) {
    start.request = AsrStart{.sample_rate_hz = kSpeechRateHz};
  }
  if (config_.spec.kind == ModelKind::kLlm) {
    LlmStart llm;
    llm.messages = {{ports::LanguageModel::Role::kUser, "Count from one to a hundred.", {}, ""}};
    llm.sampling.max_tokens = 200;
    llm.sampling.temperature = 0;
    start.request = llm;
  }
  return start;
}

Status ConformanceBench::Pump(const std::function<bool()>& holds, const std::string& awaited,
                              int64_t wait_ms) {
  const SteadyClock clock;
  const int64_t until_us = clock.NowUs() + wait_ms * 1000;
  while (!holds()) {
    const int64_t left_ms = (until_us - clock.NowUs()) / 1000;
    if (left_ms <= 0) return Broken(fmt::format("no {} within {} ms", awaited, wait_ms));
    const Result<Received> received = shared_->Next(left_ms);
    if (!received) {
      const std::string lines = shared_->LastLines();
      if (received.error().code != Code::kDeadlineExceeded) EndShared();
      return Broken(fmt::format("waiting for {}: {}; it printed:\n  {}", awaited,
                                received.error().message, lines));
    }
    Note(*received);
  }
  return {};
}

void ConformanceBench::Note(const Received& received) {
  Log& log = logs_[received.stream];
  if (const auto* audio = received.Audio()) {
    log.samples += static_cast<int64_t>(audio->size());
    if (granted_.contains(received.stream)) {
      shared_->Send(received.stream, Credit{static_cast<int64_t>(audio->size())});
    }
  }
  if (received.Get<Idle>()) log.idle = true;
  log.all.push_back(received);
}

Status ConformanceBench::PumpUntilIdle(uint32_t stream) {
  return Pump([&] { return logs_[stream].idle; }, fmt::format("idle of stream {}", stream),
              config_.answer_ms);
}

}  // namespace parley::engine::internal
