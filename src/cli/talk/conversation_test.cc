#include "cli/talk/conversation.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace parley::cli {
namespace {

using nlohmann::json;

struct ConversationTest : ::testing::Test {
  Loudspeaker loudspeaker{kTalkRateHz};
  Conversation conversation{{.echo_free = true}, loudspeaker};

  void Receive(const json& message) { ASSERT_TRUE(conversation.OnMessage(message.dump())); }
  void ReceiveReply(const std::string& id, const std::string& words, const std::string& audio) {
    Receive({{"type", "response.created"}, {"response", {{"id", "resp_" + id}}}});
    Receive({{"type", "response.output_audio_transcript.delta"},
             {"response_id", "resp_" + id},
             {"item_id", "item_" + id},
             {"delta", words}});
    Receive({{"type", "response.output_audio.delta"},
             {"response_id", "resp_" + id},
             {"item_id", "item_" + id},
             {"delta", audio}});
  }
  void ReceiveWords(const std::string& words) {
    Receive({{"type", "conversation.item.input_audio_transcription.completed"},
             {"item_id", "item_u"},
             {"transcript", words}});
  }
};

TEST_F(ConversationTest, AsksForSemanticTurnsAndReportsOfPlayback) {
  const json open = json::parse(conversation.Open());
  EXPECT_EQ(open["type"], "session.update");
  EXPECT_EQ(open["session"]["audio"]["input"]["turn_detection"]["type"], "semantic_vad");
  EXPECT_EQ(open["session"]["x_parley"]["echo_free"], true);
  EXPECT_FALSE(open["session"]["audio"]["output"].contains("voice"));
}

TEST_F(ConversationTest, AKeptConversationGoesOnAndALostOneIsTold) {
  const json resume = {{"type", "x_parley.resume"}, {"token", "line_1"}, {"hold_ms", 30'000}};
  EXPECT_EQ(conversation.resume_token(), "");
  Receive({{"type", "session.created"}});
  Receive(resume);
  EXPECT_EQ(conversation.resume_token(), "line_1");
  EXPECT_EQ(conversation.hold_ms(), 30'000);
  ReceiveReply("1", "Paris.", "AAEAAQAB");
  conversation.OnLineLost();
  EXPECT_TRUE(loudspeaker.empty());
  Receive(resume);
  EXPECT_EQ(conversation.resume_token(), "line_1");
  const Status gone = conversation.OnMessage(json{{"type", "session.created"}}.dump());
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Code::kNotFound);
  EXPECT_EQ(conversation.resume_token(), "");
}

TEST_F(ConversationTest, AReplyIsPlayedAndItsPositionReportedOnceAChange) {
  ReceiveReply("1", "Paris.", "AAEAAQAB");
  std::vector<int16_t> out(48);
  loudspeaker.Pull(out);
  EXPECT_EQ(out[0], 256);
  EXPECT_EQ(json::parse(*conversation.Report())["item_id"], "item_1");
  EXPECT_EQ(conversation.Report(), std::nullopt);
}

TEST_F(ConversationTest, AReplyThatWasPlayedToItsEndIsReportedWhole) {
  // 3 samples and then 25: neither is a whole number of milliseconds at 24 kHz.
  ReceiveReply("1", "Paris.", "AAEAAQAB");
  std::vector<int16_t> out(48);
  loudspeaker.Pull(out);
  EXPECT_EQ(json::parse(*conversation.Report())["audio_ms"], 1);
  loudspeaker.Append("item_1", std::vector<int16_t>(22, 7));
  loudspeaker.Pull(out);
  EXPECT_EQ(json::parse(*conversation.Report())["audio_ms"], 2);
  loudspeaker.Append("item_1", std::vector<int16_t>(23, 7));
  loudspeaker.Pull(out);
  EXPECT_EQ(json::parse(*conversation.Report())["audio_ms"], 2) << "48 samples are 2 ms to the end";
}

TEST_F(ConversationTest, WordsGoToTheReplyThatAnswersThemAlsoWhenTheyComeLate) {
  ReceiveWords("What is the capital");
  ReceiveWords("of France?");
  EXPECT_EQ(conversation.unanswered(), "What is the capital of France?");
  ReceiveReply("1", "Paris.", "AAEAAQAB");
  EXPECT_EQ(conversation.turns()[0].transcript, "What is the capital of France?");
  Receive({{"type", "response.done"}, {"response", {{"id", "resp_1"}, {"status", "completed"}}}});
  ReceiveReply("2", "Rome.", "AAEAAQAB");
  ReceiveWords("And of Italy?");
  EXPECT_EQ(conversation.turns()[1].transcript, "And of Italy?");
}

TEST_F(ConversationTest, ADroppedReplyFallsSilentAndItsRecordSaysWhatWasHeard) {
  ReceiveReply("1", "Paris is the capital.", "AAEAAQAB");
  Receive({{"type", "x_parley.drop"}, {"item_id", "item_1"}});
  EXPECT_TRUE(loudspeaker.empty());
  Receive({{"type", "response.done"},
           {"response",
            {{"id", "resp_1"},
             {"status", "cancelled"},
             {"status_details", {{"type", "cancelled"}, {"reason", "turn_detected"}}}}}});
  Receive({{"type", "x_parley.turn"},
           {"response_id", "resp_1"},
           {"turn", {{"heard", "Paris is"}, {"decided_ms", 12}}}});
  const TalkTurn& turn = conversation.turns()[0];
  EXPECT_EQ(turn.status, "cancelled");
  EXPECT_EQ(turn.reason, "turn_detected");
  EXPECT_EQ(turn.heard, "Paris is");
  EXPECT_EQ(json::parse(turn.record)["decided_ms"], 12);
}

TEST_F(ConversationTest, NonsenseFromAServerIsAnErrorAndNeverACrash) {
  EXPECT_FALSE(conversation.OnMessage("{"));
  EXPECT_FALSE(conversation.OnMessage("[]"));
  EXPECT_TRUE(conversation.OnMessage("{}"));
  EXPECT_TRUE(conversation.OnMessage(R"({"type":"response.done","response":{"id":7}})"));
  EXPECT_TRUE(conversation.OnMessage(R"({"type":"response.done","response":7})"));
  EXPECT_TRUE(conversation.OnMessage(R"({"type":"x_parley.turn","turn":[1]})"));
  EXPECT_TRUE(conversation.OnMessage(R"({"type":"response.output_audio.delta","delta":"%"})"));
  EXPECT_FALSE(conversation.OnMessage(R"({"type":"error","error":"?"})"));
  const auto refused = conversation.OnMessage(
      R"({"type":"error","error":{"code":"invalid_value","message":"no such voice"}})");
  EXPECT_NE(refused.error().message.find("no such voice (invalid_value)"), std::string::npos);
}

TEST_F(ConversationTest, TheMicrophoneIsSentAsLittleEndianBase64) {
  const std::vector<int16_t> pcm{1, -2};
  EXPECT_EQ(json::parse(Conversation::Microphone(pcm))["audio"], "AQD+/w==");
}

}  // namespace
}  // namespace parley::cli
