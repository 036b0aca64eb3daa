#include "realtime/response_ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace parley::realtime {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

struct LadderTest : ::testing::Test {
  std::vector<json> sent;

  ResponseLadder Make(bool audio = true, std::string conversation = "conv_1") {
    ReplySettings settings;
    settings.audio = audio;
    return ResponseLadder({.response_id = "resp_1",
                           .conversation_id = std::move(conversation),
                           .metadata = R"({"client_event_id":"e1"})",
                           .settings = settings},
                          [this](std::string message) { sent.push_back(json::parse(message)); });
  }
  std::vector<std::string> Types() const {
    std::vector<std::string> types;
    for (const json& event : sent) types.push_back(event["type"]);
    return types;
  }
};

TEST_F(LadderTest, ASpokenReplyClimbsEveryStep) {
  ResponseLadder ladder = Make();
  ladder.Create();
  ladder.Start("item_2", "item_1");
  ladder.Text("Paris");
  ladder.Audio(std::vector<int16_t>{1, -2});
  ladder.Text(".");
  ladder.Finish(turn::ResponseStatus::kCompleted, turn::ResponseReason::kNone, "",
                {.input_tokens = 10, .cached_tokens = 4, .output_tokens = 3});
  EXPECT_THAT(Types(),
              ElementsAre("response.created", "rate_limits.updated", "response.output_item.added",
                          "conversation.item.added", "response.content_part.added",
                          "response.output_audio_transcript.delta", "response.output_audio.delta",
                          "response.output_audio_transcript.delta", "response.output_audio.done",
                          "response.output_audio_transcript.done", "response.content_part.done",
                          "response.output_item.done", "conversation.item.done", "response.done"));
  EXPECT_EQ(sent[0]["response"]["metadata"]["client_event_id"], "e1");
  EXPECT_EQ(sent[2]["item"]["status"], "in_progress");
  EXPECT_EQ(sent[3]["previous_item_id"], "item_1");
  EXPECT_EQ(sent[4]["part"], (json{{"type", "audio"}, {"transcript", ""}}));
  EXPECT_EQ(sent[6]["delta"], "AQD+/w==");
  EXPECT_EQ(sent[9]["transcript"], "Paris.");
  EXPECT_EQ(sent[11]["item"]["content"][0],
            (json{{"type", "output_audio"}, {"transcript", "Paris."}}));
  const json& response = sent.back()["response"];
  EXPECT_EQ(response["status"], "completed");
  EXPECT_EQ(response["status_details"], nullptr);
  EXPECT_EQ(response["output"][0]["id"], "item_2");
  EXPECT_EQ(response["usage"]["total_tokens"], 13);
  EXPECT_TRUE(response["usage"]["input_token_details"]["cached_tokens_details"].is_object());
}

TEST_F(LadderTest, EveryEventHasAnIdOfItsOwn) {
  ResponseLadder ladder = Make();
  ladder.Create();
  ladder.Start("item_2", "");
  ladder.Audio(std::vector<int16_t>{1});
  ladder.Finish(turn::ResponseStatus::kCompleted, turn::ResponseReason::kNone, "", {});
  std::set<std::string> ids;
  for (const json& event : sent) ids.insert(event["event_id"].get<std::string>());
  EXPECT_EQ(ids.size(), sent.size());
  EXPECT_EQ(sent[2]["previous_item_id"], nullptr);
}

TEST_F(LadderTest, AnInterruptedReplyIsClosedStepByStepAsIncomplete) {
  ResponseLadder ladder = Make();
  ladder.Create();
  ladder.Start("item_2", "item_1");
  ladder.Text("Paris is");
  ladder.Finish(turn::ResponseStatus::kCancelled, turn::ResponseReason::kTurnDetected, "", {});
  EXPECT_EQ(sent[sent.size() - 2]["item"]["status"], "incomplete");
  EXPECT_EQ(sent.back()["response"]["status_details"],
            (json{{"type", "cancelled"}, {"reason", "turn_detected"}}));
}

TEST_F(LadderTest, AReplyThatFailsBeforeItsFirstWordHasNoItem) {
  ResponseLadder ladder = Make();
  ladder.Create();
  ladder.Finish(turn::ResponseStatus::kFailed, turn::ResponseReason::kNoReply, "the model is gone",
                {});
  EXPECT_THAT(Types(), ElementsAre("response.created", "rate_limits.updated", "response.done"));
  const json& details = sent.back()["response"]["status_details"];
  EXPECT_EQ(details["type"], "failed");
  EXPECT_EQ(details["error"]["code"], "no_reply");
  EXPECT_EQ(sent.back()["response"]["output"], json::array());
}

TEST_F(LadderTest, TextModeUsesTheTextSteps) {
  ResponseLadder ladder = Make(false);
  ladder.Create();
  ladder.Start("item_2", "item_1");
  ladder.Text("Paris.");
  ladder.Finish(turn::ResponseStatus::kCompleted, turn::ResponseReason::kNone, "", {});
  EXPECT_THAT(Types(),
              ElementsAre("response.created", "rate_limits.updated", "response.output_item.added",
                          "conversation.item.added", "response.content_part.added",
                          "response.output_text.delta", "response.output_text.done",
                          "response.content_part.done", "response.output_item.done",
                          "conversation.item.done", "response.done"));
}

TEST_F(LadderTest, AFunctionCallIsAnnouncedBeforeItsArguments) {
  ResponseLadder ladder = Make();
  ladder.Create();
  ladder.Call({.id = "item_3",
               .type = ItemType::kFunctionCall,
               .call_id = "call_1",
               .name = "weather",
               .arguments = R"({"city":"Paris"})"},
              "item_1");
  ladder.Finish(turn::ResponseStatus::kCompleted, turn::ResponseReason::kNone, "", {});
  EXPECT_THAT(Types(),
              ElementsAre("response.created", "rate_limits.updated", "response.output_item.added",
                          "conversation.item.added", "response.function_call_arguments.delta",
                          "response.function_call_arguments.done", "response.output_item.done",
                          "conversation.item.done", "response.done"));
  EXPECT_EQ(sent[3]["item"]["name"], "weather");
  EXPECT_EQ(sent[3]["item"]["call_id"], "call_1");
  EXPECT_EQ(sent[5]["arguments"], R"({"city":"Paris"})");
  EXPECT_EQ(sent[6]["item"]["arguments"], R"({"city":"Paris"})");
}

TEST_F(LadderTest, OutOfBandTouchesNoConversation) {
  ResponseLadder ladder = Make(true, "");
  ladder.Create();
  ladder.Start("item_2", "");
  ladder.Finish(turn::ResponseStatus::kCompleted, turn::ResponseReason::kNone, "", {});
  for (const std::string& type : Types()) EXPECT_FALSE(type.starts_with("conversation.")) << type;
  EXPECT_EQ(sent.back()["response"]["conversation_id"], nullptr);
}

}  // namespace
}  // namespace parley::realtime
