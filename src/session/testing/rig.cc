#include "session/testing/rig.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/base64.h"
#include "base/check.h"

namespace parley::session::testing {

Result<float> LoudnessModel::Step(std::span<const float, kInputSamples> input,
                                  perception::VoiceActivityState&) const {
  const bool loud = std::any_of(input.begin() + kContextSamples, input.end(),
                                [](float sample) { return std::abs(sample) > 0.1f; });
  return loud ? 1.0f : 0.0f;
}

Rig::Config::Config() {
  recognizer.script = {{"What", 0, 9000, 1},
                       {"is", 9000, 12'000, 1},
                       {"the", 12'000, 15'000, 1},
                       {"capital", 15'000, 18'000, 1}};
  session.defaults.instructions = "Be brief.";
}

Rig::Rig(Config config)
    : recognizer_(config.recognizer), model_(config.replies), voice_(config.voice) {
  if (config.end_of_turn) {
    scorer_ = std::make_unique<perception::EndOfTurnScorer>(std::move(config.end_of_turn), clock_,
                                                            perception::EndOfTurnScorer::Config{});
  }
  const Session::Services services{
      .clock = clock_,
      .metrics = metrics_,
      .recognizer = recognizer_,
      .model = model_,
      .voice = voice_,
      .voice_activity = voice_activity_,
      .end_of_turn = scorer_.get(),
      .turns = turns_,
      .floors = &floors_,
      .choose_voice = [](std::string_view name) -> Result<VoiceChoice> {
        if (name == "nobody") return Fail(Code::kNotFound, "nobody is not here");
        return VoiceChoice{"", std::string(name)};
      },
      .choose_recognizer = [](std::string_view name) -> Result<std::string> {
        if (name == "nobody") return Fail(Code::kNotFound, "nobody is not here");
        return std::string(name);
      },
      .apology = [with = config.apology] { return std::vector<int16_t>(with ? 12'000 : 0, 1000); }};
  auto session = Session::Create(SessionId{1}, config.session, services, executor_,
                                 [this, watched = config.watched](const std::string& message) {
                                   events_.push_back(Json::parse(message));
                                   if (watched) Watch(events_.back());
                                   times_ms_.push_back(now_ms());
                                 });
  PARLEY_CHECK(session);
  session_ = *std::move(session);
  if (!config.update.empty()) {
    Send({{"type", "session.update"}, {"session", Json::parse(config.update)}});
  }
}

Rig::~Rig() {
  session_.reset();
  executor_.RunReady();
}

void Rig::Watch(const Json& event) {
  watch_.Observe(event);
  if (watch_.breach().empty()) return;
  std::fprintf(stderr, "protocol breach: %s\n", watch_.breach().c_str());
  PARLEY_CHECK(watch_.breach().empty());
}

void Rig::SendText(const std::string& message) {
  session_->OnMessage(message);
  executor_.RunReady();
}

void Rig::Send(const Json& event) { SendText(event.dump()); }

Rig::Json Rig::AppendEvent(int ms, bool loud) {
  std::vector<uint8_t> bytes(static_cast<size_t>(ms) * 24 * 2);
  for (size_t i = 0; loud && i < bytes.size() / 2; ++i) {
    const auto sample = static_cast<int16_t>(10'000 * std::sin(static_cast<double>(i) * 0.1));
    bytes[2 * i] = static_cast<uint8_t>(sample & 0xff);
    bytes[2 * i + 1] = static_cast<uint8_t>(sample >> 8);
  }
  return {{"type", "input_audio_buffer.append"}, {"audio", Base64Encode(bytes)}};
}

void Rig::Append(int ms, bool loud) {
  for (int sent = 0; sent < ms; sent += 20) {
    Advance(20);
    Send(AppendEvent(20, loud));
  }
}

void Rig::Burst(int ms, bool loud) { Send(AppendEvent(ms, loud)); }

void Rig::Advance(int ms) {
  for (int passed = 0; passed < ms; passed += 10) {
    clock_.AdvanceMs(10);
    executor_.RunReady();
    recognizer_.AdvanceUs(10'000);
    executor_.RunReady();
    model_.AdvanceUs(10'000);
    executor_.RunReady();
    voice_.AdvanceUs(10'000);
    executor_.RunReady();
  }
}

std::vector<Rig::Json> Rig::Of(const std::string& type) const {
  std::vector<Json> found;
  for (const Json& event : events_) {
    if (event["type"] == type) found.push_back(event);
  }
  return found;
}

std::vector<std::string> Rig::Types() const {
  std::vector<std::string> types;
  for (const Json& event : events_) {
    const std::string type = event["type"];
    if (types.empty() || types.back() != type) types.push_back(type);
  }
  return types;
}

Rig::Json Rig::Last(const std::string& type) const {
  const std::vector<Json> found = Of(type);
  return found.empty() ? Json() : found.back();
}

int64_t Rig::TimeOf(const std::string& type) const {
  for (size_t i = 0; i < events_.size(); ++i) {
    if (events_[i]["type"] == type) return times_ms_[i];
  }
  return -1;
}

int64_t Rig::SamplesSent() const {
  int64_t samples = 0;
  for (const Json& delta : Of("response.output_audio.delta")) {
    samples += static_cast<int64_t>(Base64Decode(delta["delta"].get<std::string>())->size()) / 2;
  }
  return samples;
}

std::vector<ports::LanguageModel::Message> Rig::Prompt(size_t index) const {
  return model_.requests().at(index).messages;
}

}  // namespace parley::session::testing
