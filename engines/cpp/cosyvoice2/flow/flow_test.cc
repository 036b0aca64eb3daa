#include "cosyvoice2/flow/flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "cosyvoice2/stream/mel_stream.h"
#include "cosyvoice2/testing/tiny_models.h"

namespace parley::cosyvoice2 {
namespace {

using testing::TinyFlow;
using testing::TinyPrompt;
using testing::TinyTokens;

constexpr int kThreads = 2;

double Difference(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) most = std::max<double>(most, std::fabs(a[i] - b[i]));
  return most;
}

// Mean square of `b` over that of the difference, in dB.
double SnrDb(std::span<const float> a, std::span<const float> b) {
  double signal = 0, noise = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    signal += b[i] * b[i];
    noise += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return 10 * std::log10(signal / noise);
}

std::vector<float> Whole(const Flow& flow, nn::Executor& executor, const FlowPrompt& prompt,
                         std::span<const int> tokens) {
  auto mel = flow.Run(executor, prompt, {.tokens = tokens, .chunked = true});
  EXPECT_TRUE(mel) << mel.error().message;
  return mel ? *std::move(mel) : std::vector<float>();
}

std::vector<float> Streamed(const Flow& flow, nn::Executor& executor, const FlowPrompt& prompt,
                            const PromptCache* cache, std::span<const int> tokens,
                            const HopRules& rules) {
  HopPlan plan(rules, static_cast<int64_t>(prompt.tokens.size()));
  MelStream stream(flow, prompt, cache, false);
  std::vector<float> all;
  while (const auto hop = plan.Next(static_cast<int64_t>(tokens.size()), true)) {
    const auto mel = stream.Next(executor, tokens, *hop);
    EXPECT_TRUE(mel) << mel.error().message;
    if (!mel) break;
    all.insert(all.end(), mel->begin(), mel->end());
  }
  return all;
}

TEST(Flow, ReadOnHopByHopGivesWhatTheWholeGives) {
  const auto flow = TinyFlow();
  nn::Executor executor(kThreads);
  const std::vector<int> tokens = TinyTokens(110);
  for (const int64_t prompt_tokens : {0, 18, 25, 47}) {
    const FlowPrompt prompt = TinyPrompt(prompt_tokens);
    const auto whole = Whole(*flow, executor, prompt, tokens);
    for (const HopRules& rules :
         {HopRules{.first_min = 1, .hop_max = 25}, HopRules{.first_min = 25, .hop_max = 100}}) {
      const auto streamed = Streamed(*flow, executor, prompt, nullptr, tokens, rules);
      EXPECT_LE(Difference(streamed, whole), 1e-5) << "prompt of " << prompt_tokens;
    }
  }
}

TEST(Flow, APromptReadOnceForAllStreamsChangesNothing) {
  const auto flow = TinyFlow();
  nn::Executor executor(kThreads);
  const std::vector<int> tokens = TinyTokens(40);
  for (const int64_t prompt_tokens : {27, 28, 60}) {
    const FlowPrompt prompt = TinyPrompt(prompt_tokens);
    const auto cache = MakePromptCache(executor, *flow, prompt);
    ASSERT_TRUE(cache);
    EXPECT_EQ(cache->has_value(), prompt_tokens >= 28);
    const PromptCache* const read = cache->has_value() ? &**cache : nullptr;
    const auto without = Streamed(*flow, executor, prompt, nullptr, tokens, {});
    EXPECT_LE(Difference(Streamed(*flow, executor, prompt, read, tokens, {}), without), 1e-5);
    // And again: the first stream left the cache as it was.
    EXPECT_LE(Difference(Streamed(*flow, executor, prompt, read, tokens, {}), without), 1e-5);
  }
}

TEST(Flow, StreamsThatTakeTurnsGiveTheBytesOfStreamsThatFollowEachOther) {
  const auto flow = TinyFlow();
  nn::Executor executor(kThreads);
  const FlowPrompt prompt = TinyPrompt(30);
  const auto cache = MakePromptCache(executor, *flow, prompt);
  ASSERT_TRUE(cache && cache->has_value());
  const std::vector<int> first = TinyTokens(60, 5);
  const std::vector<int> second = TinyTokens(60, 6);
  const auto first_alone = Streamed(*flow, executor, prompt, &**cache, first, {});
  const auto second_alone = Streamed(*flow, executor, prompt, &**cache, second, {});
  std::array<HopPlan, 2> plans = {HopPlan({}, 30), HopPlan({}, 30)};
  std::array<MelStream, 2> streams = {MelStream(*flow, prompt, &**cache, false),
                                      MelStream(*flow, prompt, &**cache, false)};
  std::array<std::vector<float>, 2> together;
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < 2; ++i) {
      const auto hop = plans[i].Next(60, true);
      if (!hop) continue;
      more = true;
      const auto mel = streams[i].Next(executor, i == 0 ? first : second, *hop);
      ASSERT_TRUE(mel);
      together[i].insert(together[i].end(), mel->begin(), mel->end());
    }
  }
  EXPECT_EQ(together[0], first_alone);
  EXPECT_EQ(together[1], second_alone);
}

TEST(Flow, ThreadsDoNotChangeTheBytes) {
  const auto flow = TinyFlow();
  const FlowPrompt prompt = TinyPrompt(20);
  const std::vector<int> tokens = TinyTokens(40);
  nn::Executor one(1);
  nn::Executor three(3);
  EXPECT_EQ(Streamed(*flow, one, prompt, nullptr, tokens, {}),
            Streamed(*flow, three, prompt, nullptr, tokens, {}));
}

TEST(Flow, ACancelledHopLeavesTheStreamAsItWas) {
  const auto flow = TinyFlow();
  nn::Executor executor(kThreads);
  const FlowPrompt prompt = TinyPrompt(25);
  const std::vector<int> tokens = TinyTokens(80);
  const auto whole = Streamed(*flow, executor, prompt, nullptr, tokens, {});
  HopPlan plan({}, 25);
  MelStream stream(*flow, prompt, nullptr, false);
  std::vector<float> all;
  std::atomic<int> asked = 0;
  while (const auto hop = plan.Next(80, true)) {
    executor.set_cancelled([&] { return ++asked > 200; });
    const auto cancelled = stream.Next(executor, tokens, *hop);
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(cancelled.error().code, Code::kCancelled);
    executor.set_cancelled(nullptr);
    const auto mel = stream.Next(executor, tokens, *hop);
    ASSERT_TRUE(mel);
    all.insert(all.end(), mel->begin(), mel->end());
    asked = 0;
  }
  EXPECT_EQ(all, whole);
}

TEST(Flow, AHalfPrecisionCacheIsHardlyHeard) {
  const auto exact = TinyFlow();
  const auto half = TinyFlow({.cache_type = GGML_TYPE_F16});
  nn::Executor executor(kThreads);
  const FlowPrompt prompt = TinyPrompt(20);
  const std::vector<int> tokens = TinyTokens(90);
  const auto mel = Streamed(*exact, executor, prompt, nullptr, tokens, {});
  const auto mel_half = Streamed(*half, executor, prompt, nullptr, tokens, {});
  EXPECT_GE(SnrDb(mel_half, mel), 50);
  EXPECT_EQ(half->cache_bytes_a_second() * 2, exact->cache_bytes_a_second());
}

TEST(Flow, WeightsOfFewerBitsComeNearTheExactMel) {
  const auto exact = TinyFlow();
  nn::Executor executor(kThreads);
  const FlowPrompt prompt = TinyPrompt(20);
  const std::vector<int> tokens = TinyTokens(30);
  const auto mel = Whole(*exact, executor, prompt, tokens);
  const auto half = TinyFlow({.matrix_type = GGML_TYPE_F16});
  EXPECT_GE(SnrDb(Whole(*half, executor, prompt, tokens), mel), 45);
  const auto eight = TinyFlow({.matrix_type = GGML_TYPE_Q8_0});
  EXPECT_GE(SnrDb(Whole(*eight, executor, prompt, tokens), mel), 25);
}

TEST(Flow, AWindowBoundsWhatAStreamKeeps) {
  const auto flow = TinyFlow({.window_frames = 100});
  nn::Executor executor(kThreads);
  const FlowPrompt prompt = TinyPrompt(25);
  MelStream stream(*flow, prompt, nullptr, false);
  HopPlan plan({.hop_max = 25}, 25);
  const std::vector<int> tokens = TinyTokens(300);
  size_t most = 0;
  while (const auto hop = plan.Next(300, true)) {
    ASSERT_TRUE(stream.Next(executor, tokens, *hop));
    most = std::max(most, stream.cache_bytes());
  }
  // Three seconds of the estimator's: the window, and the hop that is under way; the encoder keeps
  // what it has, which is little.
  EXPECT_LE(most, flow->cache_bytes_a_second() * 4);
}

TEST(Flow, AnEmbeddingOfAnotherLengthIsRefused) {
  const auto flow = TinyFlow();
  nn::Executor executor(1);
  FlowPrompt prompt = TinyPrompt(5);
  prompt.embedding.resize(512);
  const auto mel = flow->Run(executor, prompt, {.tokens = TinyTokens(5)});
  ASSERT_FALSE(mel);
  EXPECT_EQ(mel.error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace parley::cosyvoice2
