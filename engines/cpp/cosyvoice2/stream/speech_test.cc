#include "cosyvoice2/stream/speech.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

#include "cosyvoice2/hift/vocoder_stream.h"
#include "cosyvoice2/stream/prompt_caches.h"
#include "cosyvoice2/testing/tiny_models.h"

namespace parley::cosyvoice2 {
namespace {

using testing::TinyFlow;
using testing::TinyHift;
using testing::TinyLm;
using testing::TinyPrompt;

std::vector<Hop> AllHops(const HopRules& rules, int64_t prompt, int64_t tokens) {
  HopPlan plan(rules, prompt);
  std::vector<Hop> hops;
  while (const auto hop = plan.Next(tokens, true)) hops.push_back(*hop);
  return hops;
}

std::vector<int64_t> Counts(const std::vector<Hop>& hops) {
  std::vector<int64_t> counts;
  for (const Hop& hop : hops) counts.push_back(hop.count);
  return counts;
}

TEST(HopPlan, TheOfficialOneDoublesFromTwentyFive) {
  EXPECT_EQ(Counts(AllHops({.faithful = true}, 0, 200)), (std::vector<int64_t>{25, 50, 100, 25}));
  EXPECT_EQ(Counts(AllHops({.faithful = true}, 18, 80)), (std::vector<int64_t>{32, 48}));
  EXPECT_EQ(Counts(AllHops({.faithful = true}, 0, 10)), (std::vector<int64_t>{10}));
}

TEST(HopPlan, TheFirstHopEndsWithThePromptsChunk) {
  EXPECT_EQ(Counts(AllHops({.first_min = 8}, 17, 40)), (std::vector<int64_t>{8, 25, 7}));
  EXPECT_EQ(Counts(AllHops({.first_min = 8}, 20, 40)), (std::vector<int64_t>{30, 10}));
  EXPECT_EQ(HopPlan({.first_min = 8}, 17).wanted(), 11);
}

TEST(HopPlan, EveryHopButTheLastEndsOnAChunkAndTheLastKeepsTheLookAhead) {
  for (int64_t prompt = 0; prompt < 60; prompt += 7) {
    for (int64_t tokens = 1; tokens < 300; tokens += 13) {
      const auto hops = AllHops({}, prompt, tokens);
      int64_t at = 0;
      for (const Hop& hop : hops) {
        EXPECT_EQ(hop.first, at);
        at += hop.count;
        EXPECT_EQ(hop.last, at == tokens);
        if (!hop.last) {
          EXPECT_EQ((prompt + at) % 25, 0);
          EXPECT_GE(tokens - at, 3);
        }
      }
      EXPECT_EQ(at, tokens);
    }
  }
}

TEST(HopPlan, WaitsForTheTokensThatAreLookedAt) {
  HopPlan plan({.first_min = 8}, 17);
  EXPECT_FALSE(plan.Next(10, false));
  EXPECT_TRUE(plan.Next(11, false));
  EXPECT_FALSE(plan.Next(11, false));
}

// Mel frames of a steady voice.
std::vector<float> Mel(int64_t frames) {
  std::vector<float> mel;
  for (int64_t i = 0; i < frames * kMelChannels; ++i) {
    mel.push_back(-4.0f + std::sin(0.37f * static_cast<float>(i % kMelChannels)) +
                  0.3f * std::sin(0.05f * static_cast<float>(i / kMelChannels)));
  }
  return mel;
}

// The greatest step from one sample to the next, of those from `from` on.
float Step(const std::vector<float>& sound, size_t from, size_t count) {
  float most = 0;
  for (size_t i = from; i < from + count; ++i) {
    most = std::max(most, std::fabs(sound[i + 1] - sound[i]));
  }
  return most;
}

TEST(VocoderStream, PiecesAreAsLongAsTheWholeAndHaveNoStepsAtTheirSeams) {
  const auto hift = TinyHift();
  nn::Executor executor(2);
  const SeededNoise noise(1);
  const auto mel = Mel(150);
  VocoderStream one(*hift, noise, {});
  const auto whole = one.Next(executor, mel, true);
  ASSERT_TRUE(whole);
  ASSERT_EQ(whole->size(), 150U * 480);
  VocoderStream cut(*hift, noise, {});
  std::vector<float> pieces;
  std::vector<size_t> seams;
  for (const auto& [from, to] : {std::pair(0, 40), std::pair(40, 90), std::pair(90, 150)}) {
    const auto piece =
        cut.Next(executor, std::span(mel).subspan(from * 80, (to - from) * 80), to == 150);
    ASSERT_TRUE(piece);
    if (from > 0) seams.push_back(pieces.size());
    pieces.insert(pieces.end(), piece->begin(), piece->end());
  }
  ASSERT_EQ(pieces.size(), whole->size());
  const float usual = Step(*whole, 0, whole->size() - 1);
  for (size_t seam : seams) {
    EXPECT_EQ(seam % 480, 0U);
    EXPECT_LE(Step(pieces, seam - 20, 40), 1.2f * usual);         // where the fade begins
    EXPECT_LE(Step(pieces, seam + 3840 - 20, 40), 1.2f * usual);  // and where it ends
  }
}

TEST(Hift, LongSoundIsDecodedInWindowsWithoutATrace) {
  const auto hift = TinyHift();
  nn::Executor executor(2);
  const auto mel = Mel(400);
  const auto f0 = hift->PredictF0(executor, mel);
  ASSERT_TRUE(f0);
  const auto source = MakeSource(*f0, hift->source_mix(), SeededNoise(1));
  const auto whole = hift->Decode(executor, mel, source);
  ASSERT_TRUE(whole);
  ASSERT_EQ(whole->size(), 400U * 480);
  // Frames far from both ends of a shorter mel are the same wherever the windows lie.
  const auto later = hift->Decode(executor, std::span(mel).subspan(100 * 80),
                                  std::span(source).subspan(100 * 480));
  ASSERT_TRUE(later);
  for (size_t i = 30 * 480; i < 300 * 480; ++i) {
    ASSERT_NEAR((*later)[i], (*whole)[100 * 480 + i], 1e-5) << i;
  }
}

class SpeechTest : public ::testing::Test {
 protected:
  SpeechTest() { request_.prompt = &prompt_; }

  std::vector<float> Speak(Speech& speech, const SpeechTask& request) {
    std::vector<float> sound;
    Speech::Sink sink;
    sink.on_audio = [&](std::span<const float> piece) {
      sound.insert(sound.end(), piece.begin(), piece.end());
      return true;
    };
    const Status status = speech.Speak(request, sink);
    EXPECT_TRUE(status) << status.error().message;
    return sound;
  }

  const std::unique_ptr<Lm> lm_ = TinyLm();
  const std::unique_ptr<Flow> flow_ = TinyFlow();
  const std::unique_ptr<Hift> hift_ = TinyHift();
  const FlowPrompt prompt_ = TinyPrompt(20);
  SpeechTask request_ = {.text = {.text = {10, 20, 30, 40}}, .seed = 5};
};

TEST_F(SpeechTest, ASeedGivesTheSameBytesWhateverTheThreads) {
  Speech one(*lm_, *flow_, *hift_, {.lm = 1, .flow = 1, .vocoder = 1});
  Speech more(*lm_, *flow_, *hift_, {.lm = 1, .flow = 3, .vocoder = 2});
  const auto sound = Speak(one, request_);
  EXPECT_GT(sound.size(), 8U * 960);
  EXPECT_EQ(sound.size() % 960, 0U);
  EXPECT_EQ(Speak(more, request_), sound);
  EXPECT_EQ(Speak(one, request_), sound) << "the second request differs from the first";
  request_.seed = 6;
  EXPECT_NE(Speak(one, request_), sound);
}

TEST_F(SpeechTest, StreamsBesideEachOtherDoNotChangeEachOther) {
  Speech first(*lm_, *flow_, *hift_, {});
  Speech second(*lm_, *flow_, *hift_, {});
  SpeechTask other = request_;
  other.seed = 9;
  const auto first_alone = Speak(first, request_);
  const auto second_alone = Speak(second, other);
  std::vector<float> second_beside;
  std::thread beside([&] { second_beside = Speak(second, other); });
  EXPECT_EQ(Speak(first, request_), first_alone);
  beside.join();
  EXPECT_EQ(second_beside, second_alone);
}

TEST_F(SpeechTest, EndsWhenNobodyListensAnyMore) {
  Speech speech(*lm_, *flow_, *hift_, {});
  std::atomic<bool> cancelled = false;
  int pieces = 0;
  Speech::Sink sink;
  sink.cancelled = [&] { return cancelled.load(); };
  sink.on_audio = [&](std::span<const float>) {
    ++pieces;
    cancelled = true;
    return true;
  };
  request_.text.text.assign(40, 17);
  EXPECT_TRUE(speech.Speak(request_, sink));
  EXPECT_EQ(pieces, 1);
  Speech::Sink refusing;
  refusing.on_audio = [&](std::span<const float>) { return false; };
  EXPECT_TRUE(speech.Speak(request_, refusing));
}

TEST_F(SpeechTest, TwiceTheSpeedIsHalfTheSound) {
  Speech speech(*lm_, *flow_, *hift_, {});
  const auto plain = Speak(speech, request_);
  request_.speed = 2;
  EXPECT_EQ(Speak(speech, request_).size(), plain.size() / 2);
}

TEST_F(SpeechTest, APromptIsReadOnceAndGivenUpForAnother) {
  const FlowPrompt first = TinyPrompt(30, 1);
  const FlowPrompt second = TinyPrompt(30, 2);
  nn::Executor executor(2);
  PromptCaches caches(*flow_, flow_->cache_bytes_a_second() * 2);
  const auto read = caches.Get("first", first, executor);
  ASSERT_TRUE(read && *read != nullptr);
  EXPECT_EQ(*caches.Get("first", first, executor), *read);
  ASSERT_TRUE(caches.Get("second", second, executor));
  EXPECT_NE(*caches.Get("first", first, executor), *read);
  EXPECT_LE(caches.bytes(), flow_->cache_bytes_a_second() * 2);
  EXPECT_EQ(*caches.Get("long", TinyPrompt(60), executor), nullptr);
}

TEST_F(SpeechTest, TextThatCannotBeReadIsAnError) {
  Speech speech(*lm_, *flow_, *hift_, {});
  request_.text.text = {100'000};
  Speech::Sink sink;
  sink.on_audio = [](std::span<const float>) { return true; };
  const Status status = speech.Speak(request_, sink);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kInvalidArgument);
}

TEST_F(SpeechTest, NoTextIsNoSound) {
  Speech speech(*lm_, *flow_, *hift_, {});
  request_.text.text.clear();
  EXPECT_TRUE(Speak(speech, request_).empty());
}

}  // namespace
}  // namespace parley::cosyvoice2
