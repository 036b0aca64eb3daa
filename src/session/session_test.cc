#include "session/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "net/testing/manual_executor.h"
#include "ports/testing/fake_language_model.h"
#include "ports/testing/fake_recognizer.h"
#include "ports/testing/fake_voice.h"

namespace parley::session {
namespace {

using nlohmann::json;
using ports::testing::FakeLanguageModel;
using ports::testing::FakeRecognizer;
using ports::testing::FakeVoice;

// Loud is speech: what the tests need of a VAD.
class LoudnessVad final : public perception::VoiceActivityModel {
 public:
  Result<float> Step(std::span<const float, kInputSamples> input,
                     perception::VoiceActivityState&) const override {
    return std::abs(input[kInputSamples - 1]) > 0.05f ? 0.95f : 0.02f;
  }
};

// A session among fakes, in virtual time: 20 ms a step.
struct SessionTest : ::testing::Test {
  FakeClock clock;
  net::testing::ManualExecutor executor{clock};
  FakeVoice voice;
  FakeRecognizer recognizer{{.script = Words(), .final_after_us = 60'000}};
  FakeLanguageModel model{{{.deltas = {"The capital", " of France", " is Paris."}}}};
  LoudnessVad vad;
  TurnLog turns;
  std::vector<json> sent;
  std::unique_ptr<Session> session;
  bool talking = false;

  static std::vector<ports::Recognizer::Word> Words() {
    return {{.text = "what", .from_sample = 4800, .upto_sample = 8000},
            {.text = "is", .from_sample = 8000, .upto_sample = 9600},
            {.text = "this", .from_sample = 9600, .upto_sample = 12'000}};
  }
  void SetUp() override {
    SessionConfig config;
    config.speculation = false;
    auto made = Session::Create(
        SessionId{1}, config,
        {.clock = clock,
         .voice = voice,
         .recognizer = recognizer,
         .model = model,
         .voice_activity = vad,
         .turns = turns,
         .apology = [] { return std::vector<int16_t>(24'000, 3000); }},
        executor, [this](std::string message) { sent.push_back(json::parse(message)); });
    ASSERT_TRUE(made) << made.error().message;
    session = *std::move(made);
  }
  void Send(const json& event) { session->OnMessage(event.dump()); }
  void Run(int ms) {
    for (int i = 0; i < ms / 20; ++i) {
      const std::vector<int16_t> pcm(480, talking ? 8000 : 0);
      const auto* bytes = reinterpret_cast<const uint8_t*>(pcm.data());
      Send({{"type", "input_audio_buffer.append"}, {"audio", Base64Encode({bytes, 960})}});
      executor.AdvanceMs(20);
      recognizer.AdvanceUs(20'000);
      model.AdvanceUs(20'000);
      voice.AdvanceUs(20'000);
      executor.RunReady();
    }
  }
  void Say(int ms) {
    talking = true;
    Run(ms);
    talking = false;
  }
  std::vector<std::string> Types() const {
    std::vector<std::string> types;
    for (const json& event : sent) {
      if (types.empty() || types.back() != event["type"]) types.push_back(event["type"]);
    }
    return types;
  }
  const json* First(const std::string& type) const {
    for (const json& event : sent) {
      if (event["type"] == type) return &event;
    }
    return nullptr;
  }
  int Count(const std::string& type) const {
    int count = 0;
    for (const json& event : sent) count += event["type"] == type;
    return count;
  }
  json UpdateSession(const json& session_fields) {
    return {{"type", "session.update"}, {"session", session_fields}};
  }
};

TEST_F(SessionTest, ASpokenQuestionClimbsFromOnsetToTheDoneOfItsAnswer) {
  Send(UpdateSession(
      {{"type", "realtime"}, {"audio", {{"input", {{"transcription", json::object()}}}}}}));
  Run(400);
  Say(900);
  Run(8000);
  std::vector<std::string> order;
  for (const std::string& type : Types()) {
    if (std::find(order.begin(), order.end(), type) == order.end()) order.push_back(type);
  }
  EXPECT_THAT(order,
              ::testing::IsSupersetOf(
                  {"session.created", "conversation.created", "session.updated",
                   "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped",
                   "input_audio_buffer.committed", "conversation.item.added",
                   "conversation.item.input_audio_transcription.completed", "response.created",
                   "response.output_item.added", "response.output_audio.delta", "response.done"}));
  ASSERT_NE(First("response.done"), nullptr);
  EXPECT_EQ((*First("response.done"))["response"]["status"], "completed");
  EXPECT_EQ((*First("response.output_audio_transcript.done"))["transcript"],
            "The capital of France is Paris.");
  EXPECT_EQ((*First("input_audio_buffer.speech_started"))["item_id"],
            (*First("input_audio_buffer.committed"))["item_id"]);
  ASSERT_EQ(model.requests().size(), 1u);
  EXPECT_EQ(model.requests()[0].messages.back().text, "what is this");
  EXPECT_EQ(turns.Newest(10).size(), 1u);
}

TEST_F(SessionTest, AnInterruptedAnswerIsCutAndTheModelIsShownOnlyWhatWasHeard) {
  Send(UpdateSession({{"type", "realtime"}, {"x_parley", {{"echo_free", true}}}}));
  Run(400);
  Say(900);
  Run(1400);
  ASSERT_GT(Count("response.output_audio.delta"), 0);
  ASSERT_EQ(Count("response.done"), 0);
  Say(900);
  Run(4000);
  ASSERT_NE(First("response.done"), nullptr);
  EXPECT_EQ((*First("response.done"))["response"]["status"], "cancelled");
  EXPECT_EQ((*First("response.done"))["response"]["status_details"]["reason"], "turn_detected");
  ASSERT_EQ(model.requests().size(), 2u);
  const auto& messages = model.requests()[1].messages;
  ASSERT_GE(messages.size(), 3u);
  const std::string& heard = messages[messages.size() - 2].text;
  EXPECT_TRUE(heard.starts_with("The capital")) << heard;
  EXPECT_EQ(heard.find("Paris"), std::string::npos) << heard;
}

TEST_F(SessionTest, TypedQuestionsAreAnsweredWithoutAnySound) {
  Send(UpdateSession({{"type", "realtime"}, {"output_modalities", {"text"}}}));
  Send({{"type", "conversation.item.create"},
        {"item",
         {{"type", "message"},
          {"role", "user"},
          {"content", {{{"type", "input_text"}, {"text", "Capital of France?"}}}}}}});
  Send({{"type", "response.create"}, {"response", {{"metadata", {{"k", "v"}}}}}});
  Run(1000);
  ASSERT_NE(First("response.done"), nullptr);
  EXPECT_EQ((*First("response.created"))["response"]["metadata"]["k"], "v");
  EXPECT_EQ((*First("response.output_text.done"))["text"], "The capital of France is Paris.");
  EXPECT_TRUE(voice.requests().empty());
  EXPECT_EQ(model.requests()[0].messages.back().text, "Capital of France?");
}

TEST_F(SessionTest, OutOfBandAnswersLeaveNoTraceInTheConversation) {
  Send({{"type", "response.create"},
        {"response", {{"conversation", "none"}, {"output_modalities", {"text"}}}}});
  Run(1000);
  ASSERT_NE(First("response.done"), nullptr);
  EXPECT_EQ((*First("response.done"))["response"]["conversation_id"], nullptr);
  EXPECT_EQ(Count("conversation.item.added"), 0);
}

TEST_F(SessionTest, MistakesAreAnsweredWithTheirCodeAndTheClientsEventId) {
  struct Case {
    json event;
    const char* code;
  };
  for (const Case& c : std::vector<Case>{
           {{{"type", "input_audio_buffer.commit"}}, "input_audio_buffer_commit_empty"},
           {{{"type", "response.cancel"}}, "response_cancel_not_active"},
           {{{"type", "conversation.item.retrieve"}, {"item_id", "x"}},
            "item_retrieve_invalid_item_id"},
           {{{"type", "conversation.item.delete"}, {"item_id", "x"}},
            "item_delete_invalid_item_id"},
           {{{"type", "conversation.item.truncate"},
             {"item_id", "x"},
             {"content_index", 0},
             {"audio_end_ms", 0}},
            "item_truncate_invalid_item_id"},
           {{{"type", "no.such.event"}}, "invalid_event"},
       }) {
    sent.clear();
    json event = c.event;
    event["event_id"] = "evt_1";
    Send(event);
    ASSERT_EQ(sent.size(), 1u) << event;
    EXPECT_EQ(sent[0]["error"]["code"], c.code);
    EXPECT_EQ(sent[0]["error"]["event_id"], "evt_1");
  }
  sent.clear();
  session->OnBinary();
  EXPECT_EQ(sent[0]["error"]["code"], "invalid_event");
}

TEST_F(SessionTest, AFailedLanguageModelEndsTheResponseAsFailedAndTheCallGoesOn) {
  FakeLanguageModel broken{
      {{.failed = ports::LanguageModel::Failed{{Code::kUnavailable, "the endpoint is gone"}}}}};
  auto made = Session::Create(
      SessionId{2}, SessionConfig{},
      {.clock = clock,
       .voice = voice,
       .recognizer = recognizer,
       .model = broken,
       .voice_activity = vad,
       .turns = turns},
      executor, [this](std::string message) { sent.push_back(json::parse(message)); });
  ASSERT_TRUE(made);
  sent.clear();
  (*made)->OnMessage(R"({"type":"response.create"})");
  for (int i = 0; i < 200; ++i) {
    executor.AdvanceMs(20);
    broken.AdvanceUs(20'000);
    voice.AdvanceUs(20'000);
    executor.RunReady();
  }
  ASSERT_NE(First("response.done"), nullptr);
  EXPECT_EQ((*First("response.done"))["response"]["status"], "failed");
  EXPECT_EQ(Count("error"), 0);
}

TEST_F(SessionTest, WhenTheClientGoesEveryStreamEnds) {
  Run(400);
  Say(900);
  Run(1400);
  session.reset();
  executor.RunReady();
  EXPECT_EQ(voice.live(), 0);
  EXPECT_EQ(recognizer.live(), 0);
  EXPECT_EQ(model.live(), 0);
  EXPECT_EQ(executor.timers_waiting(), 0u);
}

}  // namespace
}  // namespace parley::session
