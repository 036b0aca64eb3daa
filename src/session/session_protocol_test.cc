// What a session tells of each part of the protocol, beyond the spoken exchange of session_test.cc:
// items with sound, deltas of a transcript, tools, names, idling, sessions for transcription alone.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "session/testing/rig.h"

namespace parley::session {
namespace {

using testing::Rig;
using Json = nlohmann::json;
using ports::LanguageModel;
using Role = LanguageModel::Role;

Json UserText(const std::string& text) {
  return {{"type", "conversation.item.create"},
          {"item",
           {{"type", "message"},
            {"role", "user"},
            {"content", {{{"type", "input_text"}, {"text", text}}}}}}};
}

Json UserSound(int ms, Json more = Json::object()) {
  Json part = {{"type", "input_audio"},
               {"audio", Base64Encode(std::vector<uint8_t>(static_cast<size_t>(ms) * 48, 9))}};
  part.update(more);
  return {
      {"type", "conversation.item.create"},
      {"item", {{"id", "item_sound"}, {"type", "message"}, {"role", "user"}, {"content", {part}}}}};
}

const char* const kTranscribing =
    R"({"type":"realtime","audio":{"input":{"transcription":{"model":"whisper-1"}}}})";

void AskAndHear(Rig& rig) {
  rig.Speak(1200);
  rig.Silence(3000);
  rig.Advance(5000);
}

TEST(SessionItems, SoundInAnItemIsHeardBeforeItIsAnswered) {
  Rig::Config config;
  config.update = kTranscribing;
  Rig rig(std::move(config));
  rig.Send(UserSound(1200));
  rig.Send({{"type", "response.create"}});
  EXPECT_EQ(rig.Last("conversation.item.done")["item"]["content"][0]["transcript"], nullptr);
  EXPECT_TRUE(rig.Of("response.created").empty()) << "not before the words are known";
  rig.Advance(6000);
  const Json heard = rig.Last("conversation.item.input_audio_transcription.completed");
  EXPECT_EQ(heard["item_id"], "item_sound");
  EXPECT_EQ(heard["transcript"], "What is the capital");
  EXPECT_NEAR(heard["usage"]["seconds"].get<double>(), 1.2, 0.05);
  ASSERT_EQ(rig.model().requests().size(), 1u);
  EXPECT_EQ(rig.Prompt(0).back().text, "What is the capital");
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
  rig.Send({{"type", "conversation.item.retrieve"}, {"item_id", "item_sound"}});
  const Json part = rig.Last("conversation.item.retrieved")["item"]["content"][0];
  EXPECT_NEAR(static_cast<double>(part["audio"].get<std::string>().size()), 1200 * 48 * 4 / 3,
              2000);
}

TEST(SessionItems, SoundWhoseWordsTheClientKnowsIsNotHeardAgain) {
  Rig rig;
  rig.Send(UserSound(500, {{"transcript", "Good day."}}));
  rig.Send({{"type", "response.create"}});
  EXPECT_EQ(rig.Of("response.created").size(), 1u);
  EXPECT_TRUE(rig.recognizer().requests().empty());
  rig.Advance(1000);
  EXPECT_EQ(rig.Prompt(0).back().text, "Good day.");
}

TEST(SessionItems, ARecognizerThatFailsHoldsNothingUp) {
  Rig::Config config;
  config.update = kTranscribing;
  Rig rig(std::move(config));
  rig.Send(UserSound(1200));
  rig.Send(UserText("Are you there?"));
  rig.Send({{"type", "response.create"}});
  rig.recognizer().FailStreams({Code::kInternal, "engine died"}, /*retryable=*/false);
  rig.Advance(4000);
  EXPECT_EQ(rig.Last("conversation.item.input_audio_transcription.failed")["item_id"],
            "item_sound");
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
  EXPECT_EQ(rig.Prompt(0).back().text, "Are you there?");
}

TEST(SessionTranscript, DeltasAppendAndTheLastOneCompletes) {
  Rig::Config config;
  config.update = kTranscribing;
  Rig rig(std::move(config));
  AskAndHear(rig);
  std::string appended;
  for (const Json& event : rig.Of("conversation.item.input_audio_transcription.delta")) {
    EXPECT_EQ(event["item_id"], rig.Last("input_audio_buffer.committed")["item_id"]);
    EXPECT_EQ(event["content_index"], 0);
    appended += event["delta"].get<std::string>();
  }
  EXPECT_EQ(appended, "What is the capital");
  EXPECT_EQ(rig.Last("conversation.item.input_audio_transcription.completed")["transcript"],
            appended);
}

TEST(SessionTranscript, WithoutTranscriptionNothingOfItIsTold) {
  Rig rig;
  AskAndHear(rig);
  EXPECT_TRUE(rig.Of("conversation.item.input_audio_transcription.delta").empty());
  EXPECT_TRUE(rig.Of("conversation.item.input_audio_transcription.completed").empty());
}

TEST(SessionTranscript, ASessionForItAloneHearsAndNeverAnswers) {
  Rig::Config config;
  config.session.defaults.transcription_only = true;
  Rig rig(std::move(config));
  EXPECT_EQ(rig.Last("session.created")["session"]["object"], "realtime.transcription_session");
  AskAndHear(rig);
  EXPECT_EQ(rig.Last("conversation.item.input_audio_transcription.completed")["transcript"],
            "What is the capital");
  rig.Send({{"type", "response.create"}, {"event_id", "no"}});
  EXPECT_EQ(rig.Last("error")["error"]["event_id"], "no");
  rig.Send({{"type", "session.update"}, {"session", {{"type", "realtime"}}}});
  EXPECT_EQ(rig.Last("error")["error"]["param"], "session.type");
  rig.Send({{"type", "session.update"},
            {"session", {{"type", "transcription"}, {"instructions", "Answer!"}}}});
  EXPECT_EQ(rig.Last("error")["error"]["code"], "unknown_parameter");
  EXPECT_TRUE(rig.Of("response.created").empty());
  EXPECT_TRUE(rig.model().requests().empty());
}

TEST(SessionTools, CallsInParallelAreAnsweredTogether) {
  Rig::Config config;
  config.replies = {{.deltas = {},
                     .tool_calls = {{"call_a", "weather", R"({"city":"Paris"})"},
                                    {"call_b", "time", R"({"city":"Rome"})"}}},
                    {.deltas = {"Sunny, and noon."}}};
  config.update = R"({"type":"realtime","output_modalities":["text"],"tools":[
      {"type":"function","name":"weather","parameters":{}},
      {"type":"function","name":"time","parameters":{}}]})";
  Rig rig(std::move(config));
  rig.Send(UserText("Weather in Paris, time in Rome?"));
  rig.Send({{"type", "response.create"}});
  rig.Advance(1000);
  const auto calls = rig.Of("response.function_call_arguments.done");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0]["call_id"], "call_a");
  EXPECT_EQ(calls[1]["name"], "time");
  EXPECT_NE(calls[0]["output_index"], calls[1]["output_index"]);
  const Json done = rig.Last("response.done")["response"];
  EXPECT_EQ(done["status"], "completed");
  ASSERT_EQ(done["output"].size(), 2u);
  for (const char* id : {"call_a", "call_b"}) {
    rig.Send({{"type", "conversation.item.create"},
              {"item",
               {{"type", "function_call_output"},
                {"call_id", id},
                {"output", std::string(id) + " is done"}}}});
  }
  rig.Send({{"type", "response.create"}});
  rig.Advance(1000);
  const auto prompt = rig.Prompt(1);
  ASSERT_EQ(prompt.size(), 5u);
  EXPECT_EQ(prompt[2].role, Role::kAssistant);
  ASSERT_EQ(prompt[2].tool_calls.size(), 2u) << "one message with both calls";
  EXPECT_EQ(prompt[3].tool_call_id, "call_a");
  EXPECT_EQ(prompt[4].text, "call_b is done");
  EXPECT_EQ(rig.Last("response.output_text.done")["text"], "Sunny, and noon.");
}

TEST(SessionTools, OneCallAtATimeIsAskedOfTheModel) {
  Rig rig;
  rig.Send(UserText("Hi"));
  rig.Send({{"type", "response.create"}, {"response", {{"parallel_tool_calls", false}}}});
  rig.Advance(100);
  EXPECT_EQ(rig.model().requests().at(0).sampling.parallel_tool_calls, std::optional(false));
}

TEST(SessionNames, AVoiceThatIsNotHereIsRefusedAtOnce) {
  Rig rig;
  rig.Send({{"type", "session.update"},
            {"session",
             {{"type", "realtime"},
              {"instructions", "Changed."},
              {"audio", {{"output", {{"voice", "nobody"}}}}}}}});
  EXPECT_EQ(rig.Last("error")["error"]["code"], "invalid_value");
  EXPECT_EQ(rig.Last("error")["error"]["param"], "session.audio.output.voice");
  rig.Send({{"type", "session.update"}, {"session", {{"type", "realtime"}}}});
  EXPECT_EQ(rig.Last("session.updated")["session"]["instructions"], "Be brief.");
  rig.Send({{"type", "response.create"},
            {"response", {{"audio", {{"output", {{"voice", "nobody"}}}}}}}});
  EXPECT_EQ(rig.Last("error")["error"]["param"], "response.audio.output.voice");
  rig.Send({{"type", "session.update"},
            {"session",
             {{"type", "realtime"},
              {"audio", {{"input", {{"transcription", {{"model", "nobody"}}}}}}}}}});
  EXPECT_EQ(rig.Last("error")["error"]["param"], "session.audio.input.transcription.model");
}

TEST(SessionNames, TheChosenRecognizerHears) {
  Rig::Config config;
  config.update =
      R"({"type":"realtime","audio":{"input":{"transcription":{"model":"whisper/base"}}}})";
  Rig rig(std::move(config));
  AskAndHear(rig);
  EXPECT_EQ(rig.recognizer().requests().at(0).model, "whisper/base");
}

TEST(SessionResponses, WhatCannotBeIsRefusedBeforeAnythingStarts) {
  Rig rig;
  AskAndHear(rig);
  const size_t responses = rig.Of("response.created").size();
  rig.Send({{"type", "response.create"},
            {"response", {{"input", {{{"type", "item_reference"}, {"id", "nobody"}}}}}}});
  EXPECT_EQ(rig.Last("error")["error"]["param"], "response.input[0].id");
  rig.Send({{"type", "response.create"},
            {"response", {{"audio", {{"output", {{"voice", "another"}}}}}}}});
  EXPECT_EQ(rig.Last("error")["error"]["code"], "cannot_update_voice");
  rig.Send({{"type", "response.create"}, {"response", {{"audio", 5}}}});
  EXPECT_EQ(rig.Last("error")["error"]["param"], "response.audio");
  rig.Send({{"type", "conversation.item.truncate"},
            {"item_id", rig.Last("response.output_item.done")["item"]["id"]},
            {"content_index", 1},
            {"audio_end_ms", 0}});
  EXPECT_EQ(rig.Last("error")["error"]["param"], "content_index");
  EXPECT_EQ(rig.Of("response.created").size(), responses);
  EXPECT_EQ(rig.Of("error").size(), 4u);
}

TEST(SessionResponses, WithoutInterruptionsTheNextOneWaitsUntilTheLastIsDone) {
  Rig::Config config;
  config.replies = {{.deltas = {"One two three four five six seven eight nine ten."}},
                    {.deltas = {"Fine."}}};
  config.voice.ms_per_byte = 100;
  config.update = R"({"type":"realtime","audio":{"input":{"turn_detection":
      {"type":"server_vad","interrupt_response":false}}}})";
  Rig rig(std::move(config));
  rig.Speak(1200);
  rig.Silence(2000);
  ASSERT_GT(rig.SamplesSent(), 0);
  rig.Speak(1200);
  rig.Silence(1500);
  EXPECT_EQ(rig.Of("response.created").size(), 1u) << "the first is still being given";
  rig.Silence(8000);
  const auto done = rig.Of("response.done");
  ASSERT_EQ(done.size(), 2u);
  EXPECT_EQ(done[0]["response"]["status"], "completed");
  EXPECT_EQ(done[1]["response"]["status"], "completed");
}

TEST(SessionResponses, UsageIsToldWithItsDetails) {
  Rig rig;
  AskAndHear(rig);
  const Json usage = rig.Last("response.done")["response"]["usage"];
  for (const char* field : {"total_tokens", "input_tokens", "output_tokens"}) {
    EXPECT_TRUE(usage[field].is_number_integer()) << field;
  }
  EXPECT_EQ(usage["total_tokens"],
            usage["input_tokens"].get<int>() + usage["output_tokens"].get<int>());
  EXPECT_TRUE(usage["input_token_details"]["cached_tokens_details"].is_object());
  EXPECT_TRUE(usage["output_token_details"].is_object());
}

TEST(SessionResponses, OneBesideTheConversationThatStallsEndsAsFailed) {
  Rig::Config config;
  config.replies = {{.stalls = true}};
  Rig rig(std::move(config));
  rig.Send({{"type", "response.create"}, {"response", {{"conversation", "none"}}}});
  rig.Advance(25'000);
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "failed");
  EXPECT_EQ(rig.session().stats().out_of_band, 0u);
  EXPECT_EQ(rig.model().live(), 0);
}

TEST(SessionIdle, ALongSilenceAfterAReplyIsAnswered) {
  Rig::Config config;
  config.update = R"({"type":"realtime","audio":{"input":{"turn_detection":
      {"type":"server_vad","idle_timeout_ms":5000}}}})";
  Rig rig(std::move(config));
  rig.Speak(1200);
  rig.Silence(4000);
  ASSERT_EQ(rig.Of("response.done").size(), 1u);
  EXPECT_TRUE(rig.Of("input_audio_buffer.timeout_triggered").empty());
  rig.Silence(6000);
  ASSERT_EQ(rig.Of("input_audio_buffer.timeout_triggered").size(), 1u);
  const Json idle = rig.Last("input_audio_buffer.timeout_triggered");
  EXPECT_GT(idle["audio_end_ms"].get<int>(), idle["audio_start_ms"].get<int>());
  EXPECT_EQ(rig.Last("input_audio_buffer.committed")["item_id"], idle["item_id"]);
  EXPECT_EQ(rig.Of("response.created").size(), 2u);
  rig.Advance(5000);
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
}

}  // namespace
}  // namespace parley::session
