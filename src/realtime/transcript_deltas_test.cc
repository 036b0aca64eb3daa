#include "realtime/transcript_deltas.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace parley::realtime {
namespace {

TEST(TranscriptDeltas, WordsGoOutOnceTwoTextsAgree) {
  TranscriptDeltas deltas;
  EXPECT_EQ(deltas.Revise("a", "What is"), "");
  EXPECT_EQ(deltas.Revise("a", "What is the"), "What is");
  EXPECT_EQ(deltas.Revise("a", "What is a capital"), "");
  EXPECT_EQ(deltas.Revise("a", "What is a capital of"), " a capital");
  EXPECT_EQ(deltas.Finish("a", "What is a capital of France?"), " of France?");
}

TEST(TranscriptDeltas, AWordThatStillGrowsIsHeldBack) {
  TranscriptDeltas deltas;
  (void)deltas.Revise("a", "I like cap");
  EXPECT_EQ(deltas.Revise("a", "I like capital"), "I like");
}

TEST(TranscriptDeltas, WhatWasSentIsNeverTakenBack) {
  TranscriptDeltas deltas;
  (void)deltas.Revise("a", "eye scream now");
  EXPECT_EQ(deltas.Revise("a", "eye scream now"), "eye scream");
  EXPECT_EQ(deltas.Revise("a", "ice cream now"), "");
  EXPECT_EQ(deltas.Finish("a", "Ice cream, now."), "");
}

TEST(TranscriptDeltas, WithoutPartialsTheWholeTextIsOneDelta) {
  TranscriptDeltas deltas;
  EXPECT_EQ(deltas.Finish("a", "Hello."), "Hello.");
  EXPECT_EQ(deltas.Finish("b", ""), "");
}

TEST(TranscriptDeltas, ScriptsWithoutSpacesComeByCharacters) {
  TranscriptDeltas deltas;
  (void)deltas.Revise("a", "今日は天気");
  EXPECT_EQ(deltas.Revise("a", "今日は天気が"), "今日は");
  EXPECT_EQ(deltas.Finish("a", "今日は天気がいい"), "天気がいい");
}

TEST(TranscriptDeltas, AppendedTheyAreTheBeginningOfTheText) {
  EXPECT_TRUE(rc::check("deltas append", [](const std::vector<std::string>& texts) {
    TranscriptDeltas deltas;
    std::string all;
    for (const std::string& text : texts) {
      const std::string delta = deltas.Revise("a", text);
      all += delta;
      if (!delta.empty()) RC_ASSERT(text.starts_with(all));
    }
  }));
}

}  // namespace
}  // namespace parley::realtime
