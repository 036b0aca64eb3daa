#include "whisper/segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "whisper/testing/fake_transcriber.h"

namespace parley::whisper {
namespace {

using testing::FakeTranscriber;

// A word each `every_s`, 0.4 s long, from 0.3 s on: "w0 w1 w2 …".
FakeTranscriber Counting(int count, double every_s = 0.5) {
  std::vector<FakeTranscriber::Spoken> script;
  for (int i = 0; i < count; ++i) {
    const double from = 0.3 + i * every_s;
    script.push_back({"w" + std::to_string(i), from, from + 0.4});
  }
  return FakeTranscriber(std::move(script));
}

std::string Expected(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += (i > 0 ? " w" : "w") + std::to_string(i);
  return text;
}

std::string FinalText(Segment& segment) {
  const auto final = segment.Final({});
  EXPECT_TRUE(final) << final.error().message;
  EXPECT_TRUE(*final);
  return Join((*final)->words);
}

TEST(Segment, FinalHoldsAllWordsWithTheirTimes) {
  FakeTranscriber ear = Counting(4);
  Segment segment({}, ear);
  segment.Append(ear.Sound(3));
  const auto final = segment.Final({});
  ASSERT_TRUE(final && *final);
  EXPECT_EQ(Join((*final)->words), "w0 w1 w2 w3");
  EXPECT_EQ((*final)->upto_sample, 3 * kSampleRateHz);
  EXPECT_EQ((*final)->words[1].from_sample, static_cast<int64_t>(0.8 * kSampleRateHz));
  EXPECT_NEAR((*final)->confidence, 0.9, 1e-6);
}

TEST(Segment, OfSilenceIsEmptyAndNeedsNoPass) {
  FakeTranscriber ear = Counting(0);
  Segment segment({}, ear);
  EXPECT_EQ(FinalText(segment), "");
  segment.Append(std::vector<float>(2 * kSampleRateHz, 0.0005F));
  EXPECT_EQ(FinalText(segment), "");
  EXPECT_EQ(ear.passes, 0);
}

TEST(Segment, DoesNotHearTheQuietAroundTheSpeech) {
  FakeTranscriber ear({{"yes", 2.0, 2.4}});
  Segment segment({}, ear);
  segment.Append(ear.Sound(5));
  EXPECT_EQ(FinalText(segment), "yes");
  ASSERT_EQ(ear.sizes.size(), 1U);
  EXPECT_LE(ear.sizes[0], static_cast<size_t>(1.0 * kSampleRateHz));
}

TEST(Segment, AnswersASecondFlushInQuietWithoutAPass) {
  FakeTranscriber ear = Counting(4);
  Segment segment({}, ear);
  segment.Append(ear.Sound(2.6));
  EXPECT_EQ(FinalText(segment), "w0 w1 w2 w3");
  segment.Append(std::vector<float>(kSampleRateHz / 2, 0.0F));
  const auto final = segment.Final({});
  ASSERT_TRUE(final && *final);
  EXPECT_EQ(Join((*final)->words), "w0 w1 w2 w3");
  EXPECT_EQ((*final)->upto_sample, static_cast<int64_t>(3.1 * kSampleRateHz));
  EXPECT_EQ(ear.passes, 1);
}

TEST(Segment, HearsAgainWhenSpeechGoesOnAfterAFlush) {
  FakeTranscriber ear = Counting(6);
  const std::vector<float> sound = ear.Sound(4);
  const auto split = sound.begin() + 2 * kSampleRateHz;
  Segment segment({}, ear);
  segment.Append({sound.begin(), split});
  EXPECT_EQ(FinalText(segment), "w0 w1 w2 w");  // w3 is cut in two
  segment.Append({split, sound.end()});
  EXPECT_EQ(FinalText(segment), Expected(6));
}

TEST(Segment, PartialsComeAfterEnoughNewAudio) {
  FakeTranscriber ear = Counting(10);
  Segment segment({.partial_interval_ms = 500, .partial_first_ms = 400}, ear);
  const std::vector<float> sound = ear.Sound(5);
  std::vector<size_t> at_ms;
  for (size_t ms = 0; ms < 2000; ms += 100) {
    segment.Append(std::span<const float>(sound).subspan(ms * 16, 1600));
    if (!segment.PartialDue()) continue;
    at_ms.push_back(ms + 100);
    ASSERT_TRUE(segment.Partial({}));
  }
  EXPECT_THAT(at_ms, ::testing::ElementsAre(400U, 900U, 1400U, 1900U));
}

TEST(Segment, StableWordsOfPartialsNeverChange) {
  FakeTranscriber ear = Counting(60);
  Segment segment({}, ear);
  const std::vector<float> sound = ear.Sound(28);
  std::vector<std::string> stable;
  for (size_t at = 0; at + 1600 <= sound.size(); at += 1600) {
    segment.Append(std::span<const float>(sound).subspan(at, 1600));
    if (!segment.PartialDue()) continue;
    const auto partial = segment.Partial({});
    ASSERT_TRUE(partial && *partial);
    const Hearing& hearing = **partial;
    ASSERT_GE(hearing.stable_words, stable.size());
    ASSERT_LE(hearing.stable_words, hearing.words.size());
    for (size_t i = 0; i < stable.size(); ++i) ASSERT_EQ(hearing.words[i].text, stable[i]);
    for (size_t i = stable.size(); i < hearing.stable_words; ++i) {
      stable.push_back(hearing.words[i].text);
    }
  }
  EXPECT_GE(stable.size(), 50U);
  for (size_t i = 0; i < stable.size(); ++i) EXPECT_EQ(stable[i], "w" + std::to_string(i));
}

TEST(Segment, PartialsHearAWindowHoweverLongTheSpeech) {
  FakeTranscriber ear = Counting(60);
  Segment segment({.partial_window_ms = 10'000}, ear);
  const std::vector<float> sound = ear.Sound(27);
  for (size_t at = 0; at + 1600 <= sound.size(); at += 1600) {
    segment.Append(std::span<const float>(sound).subspan(at, 1600));
    if (segment.PartialDue()) {
      ASSERT_TRUE(segment.Partial({}));
    }
  }
  for (const size_t size : ear.sizes) EXPECT_LE(size, size_t{11} * kSampleRateHz);
  EXPECT_EQ(FinalText(segment), Expected(53) + " w");
}

TEST(Segment, LongSpeechIsSettledPieceByPiece) {
  constexpr int kWords = 110;
  FakeTranscriber ear = Counting(kWords);
  Segment segment({}, ear);
  const std::vector<float> sound = ear.Sound(58);
  for (size_t at = 0; at + 16'000 <= sound.size(); at += 16'000) {
    segment.Append(std::span<const float>(sound).subspan(at, 16'000));
    const auto settled = segment.Settle({});
    ASSERT_TRUE(settled && *settled);
  }
  const auto final = segment.Final({});
  ASSERT_TRUE(final && *final);
  EXPECT_EQ(Join((*final)->words), Expected(kWords));
  EXPECT_EQ((*final)->upto_sample, 58 * kSampleRateHz);
  EXPECT_EQ((*final)->words[100].from_sample, static_cast<int64_t>(50.3 * kSampleRateHz));
  for (const size_t size : ear.sizes) EXPECT_LE(size, size_t{28} * kSampleRateHz);
}

TEST(Segment, AnAbortedPassGivesNothingAndLosesNothing) {
  FakeTranscriber ear = Counting(4);
  Segment segment({}, ear);
  segment.Append(ear.Sound(3));
  const auto aborted = segment.Final([] { return true; });
  ASSERT_TRUE(aborted);
  EXPECT_FALSE(*aborted);
  EXPECT_EQ(FinalText(segment), "w0 w1 w2 w3");
}

}  // namespace
}  // namespace parley::whisper
