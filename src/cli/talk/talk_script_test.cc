#include "cli/talk/talk_script.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/base64.h"

namespace parley::cli {
namespace {

using nlohmann::json;

// Plays a server by hand, in steps of 20 ms.
struct TalkScriptTest : ::testing::Test {
  Loudspeaker loudspeaker{kTalkRateHz};
  Conversation conversation{{}, loudspeaker};
  std::array<int16_t, kTickSamples> microphone{};
  int64_t tick = 0;

  static SpokenInput Speech(const std::string& label, int ms) {
    return {.label = label,
            .pcm = std::vector<int16_t>(static_cast<size_t>(ms) * kTalkRateHz / 1000, 5000)};
  }
  void Run(TalkScript& script, int ms) {
    for (int i = 0; i < ms / kTickMs; ++i, ++tick) {
      std::array<int16_t, kTickSamples> played{};
      loudspeaker.Pull(played);
      script.Tick(microphone, played);
    }
  }
  void Reply(const std::string& id, const std::string& words, int audio_ms) {
    ASSERT_TRUE(conversation.OnMessage(
        json{{"type", "response.created"}, {"response", {{"id", id}}}}.dump()));
    ASSERT_TRUE(conversation.OnMessage(json{
        {"type", "response.output_audio_transcript.delta"},
        {"response_id", id},
        {"delta", words}}.dump()));
    std::vector<uint8_t> audio(static_cast<size_t>(audio_ms) * kTalkRateHz / 1000 * 2, 0x11);
    ASSERT_TRUE(conversation.OnMessage(json{
        {"type", "response.output_audio.delta"},
        {"response_id", id},
        {"item_id", "item_" + id},
        {"delta", Base64Encode(audio)}}.dump()));
  }
  void Done(const std::string& id, const std::string& status) {
    ASSERT_TRUE(conversation.OnMessage(
        json{{"type", "response.done"}, {"response", {{"id", id}, {"status", status}}}}.dump()));
  }
};

TEST_F(TalkScriptTest, TheGapRunsFromTheLastSpeechSampleToTheFirstAudibleOne) {
  TalkScript script({}, {Speech("question", 400)}, conversation, loudspeaker);
  Run(script, 1000);
  Reply("1", "Paris.", 500);
  Done("1", "completed");
  Run(script, 2000);
  ASSERT_TRUE(script.done());
  const SpokenOutcome outcome = script.outcomes()[0];
  EXPECT_EQ(outcome.turn.reply, "Paris.");
  // Speech was over at 400 ms but had to be sent, one tick later; the answer came at 1000.
  EXPECT_DOUBLE_EQ(outcome.gap_ms.value(), 620);
}

TEST_F(TalkScriptTest, TheNextInputWaitsForTheAnswerToBePlayed) {
  TalkScript script({}, {Speech("a", 200), Speech("b", 200)}, conversation, loudspeaker);
  Run(script, 600);
  Reply("1", "First.", 1000);
  Done("1", "completed");
  Run(script, 1200);
  EXPECT_EQ(microphone[0], 0);
  Run(script, 300);
  EXPECT_EQ(microphone[0], 5000);
  Run(script, 400);
  Reply("2", "Second.", 100);
  Done("2", "completed");
  Run(script, 1000);
  ASSERT_TRUE(script.done());
  EXPECT_EQ(script.outcomes()[0].turn.reply, "First.");
  EXPECT_EQ(script.outcomes()[1].turn.reply, "Second.");
}

TEST_F(TalkScriptTest, AnInterruptionStartsSoLongAfterTheAnswerBecameAudible) {
  TalkScript script({.interrupt_after_ms = 700}, {Speech("a", 200), Speech("b", 200)}, conversation,
                    loudspeaker);
  Run(script, 600);
  Reply("1", "A long story.", 5000);
  Run(script, 700);
  EXPECT_EQ(microphone[0], 0);
  Run(script, 40);
  EXPECT_EQ(microphone[0], 5000);
  Run(script, 200);
  Done("1", "cancelled");
  loudspeaker.Drop("item_1");
  Run(script, 400);
  Reply("2", "Paris.", 100);
  Done("2", "completed");
  Run(script, 1000);
  ASSERT_TRUE(script.done());
  EXPECT_EQ(script.outcomes()[0].turn.status, "cancelled");
  // The answer sounded on for 240 ms; what was spoken needed one tick to be sent.
  EXPECT_DOUBLE_EQ(script.outcomes()[0].silenced_ms.value(), 260);
  EXPECT_EQ(script.outcomes()[1].turn.status, "completed");
}

TEST_F(TalkScriptTest, WithoutAnAnswerPatienceEnds) {
  TalkScript script({.patience_ms = 1000}, {Speech("a", 200)}, conversation, loudspeaker);
  Run(script, 1100);
  EXPECT_FALSE(script.done());
  Run(script, 200);
  ASSERT_TRUE(script.done());
  EXPECT_EQ(script.outcomes()[0].turn.status, "no_reply");
  EXPECT_FALSE(script.outcomes()[0].gap_ms.has_value());
}

}  // namespace
}  // namespace parley::cli
