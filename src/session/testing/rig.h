// A session in virtual time with fakes for all that stands around it: a client that appends sound
// and reads events, a voice-activity model that hears loudness, recognizer, language model and
// voice of ports/testing, and an executor that runs when told. Single-threaded.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metrics/gateway_metrics.h"
#include "net/testing/manual_executor.h"
#include "ports/testing/fake_language_model.h"
#include "ports/testing/fake_recognizer.h"
#include "ports/testing/fake_voice.h"
#include "session/session.h"
#include "session/testing/protocol_watch.h"

namespace parley::session::testing {

// 1 for a window with a sample above 0.1, else 0.
class LoudnessModel final : public perception::VoiceActivityModel {
 public:
  Result<float> Step(std::span<const float, kInputSamples> input,
                     perception::VoiceActivityState& state) const override;
};

class Rig {
 public:
  using Json = nlohmann::json;

  struct Config {
    Session::Config session;
    ports::testing::FakeRecognizer::Config recognizer;
    std::vector<ports::testing::FakeLanguageModel::Reply> replies = {
        {.deltas = {"It is", " Paris,", " I think.", " Anything else?"}}};
    ports::testing::FakeVoice::Config voice;
    bool apology = true;
    bool watched = true;  // every event is looked at (protocol_watch.h); a breach ends the test
    // Asked by a real pool of one thread; none: rules alone decide.
    std::unique_ptr<const perception::EndOfTurnModel> end_of_turn;
    // Sent after session.created; empty: nothing.
    std::string update;
    Config();
  };

  explicit Rig(Config config = {});
  ~Rig();

  void Send(const Json& event);
  void SendText(const std::string& message);
  // Sound of 24 kHz PCM16 in appends of 20 ms, in real time.
  void Speak(int ms) { Append(ms, true); }
  void Silence(int ms) { Append(ms, false); }
  void Append(int ms, bool loud);
  // The same at once, in one append.
  void Burst(int ms, bool loud);
  void Advance(int ms);
  void Hangup() { session_.reset(); }

  const std::vector<Json>& events() const { return events_; }
  std::vector<Json> Of(const std::string& type) const;
  // Their types in order, repeated ones once.
  std::vector<std::string> Types() const;
  Json Last(const std::string& type) const;
  int64_t TimeOf(const std::string& type) const;  // ms; −1: never
  int64_t now_ms() const { return clock_.NowUs() / 1000; }
  // Sound sent in deltas, in samples.
  int64_t SamplesSent() const;
  std::vector<ports::LanguageModel::Message> Prompt(size_t index) const;

  ports::testing::FakeRecognizer& recognizer() { return recognizer_; }
  ports::testing::FakeLanguageModel& model() { return model_; }
  ports::testing::FakeVoice& voice() { return voice_; }
  Session& session() { return *session_; }
  TurnLog& turns() { return turns_; }
  FloorBoard& floors() { return floors_; }
  metrics::GatewayMetrics& metrics() { return metrics_; }
  net::testing::ManualExecutor& executor() { return executor_; }

 private:
  static Json AppendEvent(int ms, bool loud);
  void Watch(const Json& event);

  FakeClock clock_;
  metrics::Registry registry_;
  metrics::GatewayMetrics metrics_{registry_};
  net::testing::ManualExecutor executor_{clock_};
  LoudnessModel voice_activity_;
  ports::testing::FakeRecognizer recognizer_;
  ports::testing::FakeLanguageModel model_;
  ports::testing::FakeVoice voice_;
  TurnLog turns_;
  FloorBoard floors_;
  ProtocolWatch watch_;
  std::unique_ptr<perception::EndOfTurnScorer> scorer_;
  std::vector<Json> events_;
  std::vector<int64_t> times_ms_;
  std::unique_ptr<Session> session_;
};

}  // namespace parley::session::testing
