#include "llama/text_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::llama {
namespace {

using ::testing::ElementsAre;

TEST(TextGate, LetsTextThroughAtOnce) {
  TextGate gate({}, false);
  EXPECT_EQ(gate.Push("The capital"), "The capital");
  EXPECT_EQ(gate.Push(" is Paris."), " is Paris.");
  EXPECT_EQ(gate.Finish(), "");
}

TEST(TextGate, HoldsACharacterUntilItIsWhole) {
  TextGate gate({}, false);
  EXPECT_EQ(gate.Push("caf\xC3"), "caf");
  EXPECT_EQ(gate.Push("\xA9 \xF0\x9F"), "\xC3\xA9 ");
  EXPECT_EQ(gate.Push("\x98\x80"), "\xF0\x9F\x98\x80");
}

TEST(TextGate, ReplacesWhatIsNoUtf8) {
  TextGate gate({}, false);
  EXPECT_EQ(gate.Push("a\xFF\x80z"), "a\xEF\xBF\xBD\xEF\xBF\xBDz");
  EXPECT_EQ(gate.Push("\xE4"), "");
  EXPECT_EQ(gate.Finish(), "\xEF\xBF\xBD");
}

TEST(TextGate, EndsBeforeAStopStringInTwoTokens) {
  TextGate gate({"\nUser:"}, false);
  EXPECT_EQ(gate.Push("Yes.\nUs"), "Yes.");
  EXPECT_FALSE(gate.stopped());
  EXPECT_EQ(gate.Push("er: and"), "");
  EXPECT_TRUE(gate.stopped());
  EXPECT_EQ(gate.Push("more"), "");
  EXPECT_EQ(gate.Finish(), "");
}

TEST(TextGate, GivesBackWhatOnlyLookedLikeAStopString) {
  TextGate gate({"STOP"}, false);
  EXPECT_EQ(gate.Push("ST"), "");
  EXPECT_EQ(gate.Push("AR"), "STAR");
  EXPECT_EQ(gate.Push("S"), "");
  EXPECT_EQ(gate.Finish(), "S");
}

TEST(TextGate, TakesToolCallsOut) {
  TextGate gate({}, true);
  EXPECT_EQ(gate.Push("Let me see. <tool"), "Let me see. ");
  EXPECT_EQ(gate.Push("_call>{\"name\": \"f\"}</tool_"), "");
  EXPECT_EQ(gate.Push("call> Done."), " Done.");
  EXPECT_THAT(gate.calls(), ElementsAre("{\"name\": \"f\"}"));
}

TEST(TextGate, WithoutToolsLeavesTheirMarksAlone) {
  TextGate gate({}, false);
  EXPECT_EQ(gate.Push("<tool_call>x</tool_call>"), "<tool_call>x</tool_call>");
}

}  // namespace
}  // namespace parley::llama
