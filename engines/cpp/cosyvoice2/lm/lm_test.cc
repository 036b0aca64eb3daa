#include "cosyvoice2/lm/lm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "cosyvoice2/lm/bistream.h"
#include "cosyvoice2/lm/generate.h"
#include "cosyvoice2/lm/ras.h"
#include "cosyvoice2/testing/tiny_models.h"

namespace parley::cosyvoice2 {
namespace {

using testing::TinyLm;

constexpr int kThreads = 2;
using Kind = Symbol::Kind;

SpeechText Text() {
  return {.prompt_text = {5, 6}, .text = {10, 20, 30, 40, 50, 60, 70}, .prompt_speech = {1, 2, 3}};
}

std::vector<int> Speak(const Lm& lm, nn::Executor& executor, const SpeechText& text,
                       uint64_t seed) {
  std::vector<int> tokens;
  SeededUniforms uniforms(seed);
  const SpeechTaker taker = {.on_token = [&](int token) {
    tokens.push_back(token);
    return true;
  }};
  const auto end = GenerateSpeech(lm, executor, text, {}, uniforms, taker);
  EXPECT_TRUE(end) << end.error().message;
  return tokens;
}

TEST(Lm, ReadingInPiecesGivesWhatReadingAtOnceGives) {
  const auto lm = TinyLm();
  nn::Executor executor(kThreads);
  std::vector<Symbol> symbols = {{Kind::kSos, 0}};
  for (int i = 0; i < 30; ++i) symbols.push_back({i % 2 == 0 ? Kind::kText : Kind::kSpeech, i});
  LmState whole;
  const auto expected = lm->Forward(executor, whole, symbols);
  ASSERT_TRUE(expected);
  LmState pieces;
  ASSERT_TRUE(lm->Forward(executor, pieces, std::span(symbols).first(13)));
  const auto found = lm->Forward(executor, pieces, std::span(symbols).subspan(13));
  ASSERT_TRUE(found);
  for (size_t i = 0; i < found->size(); ++i) EXPECT_NEAR((*found)[i], (*expected)[i], 1e-4);
}

TEST(Lm, ASeedGivesTheSameTokensAndAnotherGivesOthers) {
  const auto lm = TinyLm();
  nn::Executor executor(kThreads);
  const auto first = Speak(*lm, executor, Text(), 7);
  EXPECT_EQ(Speak(*lm, executor, Text(), 7), first);
  EXPECT_NE(Speak(*lm, executor, Text(), 8), first);
}

TEST(Lm, SpeechIsAsLongAsItsTextAllows) {
  const auto lm = TinyLm();
  nn::Executor executor(kThreads);
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const auto tokens = Speak(*lm, executor, Text(), seed);
    EXPECT_GE(tokens.size(), 14U);
    EXPECT_LE(tokens.size(), 140U);
    EXPECT_TRUE(std::all_of(tokens.begin(), tokens.end(), [](int token) { return token < 97; }));
  }
}

TEST(Lm, ACancelledStepLeavesTheStateAsItWas) {
  const auto lm = TinyLm();
  nn::Executor executor(kThreads);
  LmState state;
  const std::vector<Symbol> symbols = {{Kind::kSos, 0}, {Kind::kText, 3}, {Kind::kTaskId, 0}};
  ASSERT_TRUE(lm->Forward(executor, state, symbols));
  LmState twin;
  ASSERT_TRUE(lm->Forward(executor, twin, symbols));
  const Symbol next = {Kind::kSpeech, 4};
  executor.set_cancelled([] { return true; });
  const auto cancelled = lm->Forward(executor, state, std::span(&next, 1));
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, Code::kCancelled);
  executor.set_cancelled(nullptr);
  EXPECT_EQ(*lm->Forward(executor, state, std::span(&next, 1)),
            *lm->Forward(executor, twin, std::span(&next, 1)));
}

TEST(Lm, ATokenThatThereIsNotIsRefused) {
  const auto lm = TinyLm();
  nn::Executor executor(1);
  LmState state;
  const Symbol none = {Kind::kText, 320};
  const auto logits = lm->Forward(executor, state, std::span(&none, 1));
  ASSERT_FALSE(logits);
  EXPECT_EQ(logits.error().code, Code::kInvalidArgument);
}

TEST(Lm, FewerBitsChangeLittle) {
  const auto exact = TinyLm();
  const auto eight = TinyLm({.matrix_type = GGML_TYPE_Q8_0, .cache_type = GGML_TYPE_F16});
  nn::Executor executor(kThreads);
  const std::vector<Symbol> symbols = {
      {Kind::kSos, 0}, {Kind::kText, 3}, {Kind::kText, 9}, {Kind::kTaskId, 0}};
  LmState a, b;
  const auto expected = exact->Forward(executor, a, symbols);
  const auto found = eight->Forward(executor, b, symbols);
  ASSERT_TRUE(expected && found);
  float most = 0;
  for (float logit : *expected) most = std::max(most, std::fabs(logit));
  for (size_t i = 0; i < found->size(); ++i) {
    EXPECT_NEAR((*found)[i], (*expected)[i], 3e-2 * most);
  }
}

TEST(Ras, RepeatsAreDrawnAgainFromAllOthers) {
  std::vector<float> logits(10, 0.0f);
  logits[3] = 20;  // the nucleus
  const std::vector<int> none;
  EXPECT_EQ(SampleRas(logits, none, 0.5, 0.5).token, 3);
  const std::vector<int> just_said = {3};
  const RasDraw draw = SampleRas(logits, just_said, 0.5, 0.999);
  EXPECT_TRUE(draw.fallback);
  EXPECT_EQ(draw.nucleus_draw, 3);
  EXPECT_EQ(draw.token, 9);
  std::vector<int> long_ago(11, 4);
  long_ago[0] = 3;
  EXPECT_FALSE(SampleRas(logits, long_ago, 0.5, 0.5).fallback);
}

TEST(Ras, WhatIsMaskedIsNeverDrawn) {
  std::vector<float> logits(5, 0.0f);
  logits[4] = -std::numeric_limits<float>::infinity();
  for (int i = 0; i < 100; ++i) {
    EXPECT_NE(SampleRas(logits, {}, i / 100.0, 0.999999).token, 4);
  }
}

// --- Text that arrives while speech is produced ----------------------------------------------

constexpr Bistream::Rules kTiny = {.speech_tokens = 97};
const std::vector<int> kFiveWords = {1, 2, 3, 4, 5};

// Takes speech until the plan waits for text or is done.
int SpeakOn(Bistream& plan, int tokens_before_eos = 1000) {
  int heard = 0;
  while (const auto feed = plan.NextFeed()) {
    const auto choice = plan.NextChoice();
    const bool may_end = std::count(choice.masked.begin(), choice.masked.end(), 97) == 0;
    const int token = choice.forced                           ? *choice.forced
                      : may_end && heard >= tokens_before_eos ? 97
                                                              : 7;
    heard += plan.Take(token) ? 1 : 0;
    if (heard > 1000) break;
  }
  return heard;
}

TEST(Bistream, SpeaksFifteenTokensForFiveOfText) {
  Bistream plan(kTiny, {}, {});
  EXPECT_FALSE(plan.NextFeed());
  plan.AddText(std::vector<int>{1, 2, 3, 4});
  EXPECT_FALSE(plan.NextFeed());
  plan.AddText(std::vector<int>{5});
  EXPECT_EQ(SpeakOn(plan), 15);
  EXPECT_EQ(plan.history().back(), 99);
  EXPECT_FALSE(plan.done());
}

TEST(Bistream, TextThatIsThereIsNotWaitedFor) {
  Bistream plan(kTiny, {}, {});
  std::vector<int> ten = kFiveWords;
  ten.insert(ten.end(), kFiveWords.begin(), kFiveWords.end());
  plan.AddText(ten);
  EXPECT_EQ(SpeakOn(plan), 30);
}

TEST(Bistream, AtTheEndNothingIsReadTwiceAndNoPromptIsLost) {
  Bistream plan(kTiny, {}, {});
  plan.AddText(kFiveWords);
  SpeakOn(plan);
  plan.AddText(std::vector<int>{6});
  plan.EndText();
  const auto last = plan.NextFeed();
  ASSERT_TRUE(last);
  EXPECT_EQ(*last, (std::vector<Symbol>{{Kind::kText, 6}, {Kind::kTaskId, 0}}));

  const std::vector<int> prompt_speech = {11, 12};
  Bistream early({.speech_tokens = 97}, {}, prompt_speech);
  early.AddText(std::vector<int>{1});
  early.EndText();
  EXPECT_EQ(*early.NextFeed(), (std::vector<Symbol>{{Kind::kSos, 0},
                                                    {Kind::kText, 1},
                                                    {Kind::kTaskId, 0},
                                                    {Kind::kSpeech, 11},
                                                    {Kind::kSpeech, 12}}));
}

TEST(Bistream, EndsOnlyAfterTheText) {
  Bistream plan(kTiny, {}, {});
  plan.AddText(kFiveWords);
  ASSERT_TRUE(plan.NextFeed());
  EXPECT_EQ(plan.NextChoice().masked, (std::vector<int>{97, 98}));
  SpeakOn(plan);
  plan.EndText();
  EXPECT_EQ(SpeakOn(plan, 4), 4);
  EXPECT_TRUE(plan.done());
}

TEST(Bistream, TextInPiecesIsSpokenToItsEnd) {
  const auto lm = TinyLm();
  nn::Executor executor(kThreads);
  int pieces = 0;
  const TextSource more = [&]() -> std::optional<std::vector<int>> {
    return ++pieces > 4 ? std::nullopt : std::optional(std::vector<int>{3 * pieces, 7, 9});
  };
  std::vector<int> tokens;
  SeededUniforms uniforms(3);
  const SpeechTaker taker = {.on_token = [&](int token) {
    tokens.push_back(token);
    return true;
  }};
  const auto end = GenerateSpeechFromStream(*lm, executor, {}, more, {}, uniforms, taker);
  ASSERT_TRUE(end);
  EXPECT_EQ(pieces, 5);
  EXPECT_GT(tokens.size(), 30U);  // two blocks at least
  EXPECT_LE(tokens.size(), 12U * 20);
}

}  // namespace
}  // namespace parley::cosyvoice2
