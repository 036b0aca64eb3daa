#include "audio/echo_canceller.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "audio/level.h"
#include "audio/testing/signals.h"
#include "base/testing/no_alloc_scope.h"

namespace parley::audio {
namespace {

constexpr int kRateHz = 16000;
constexpr size_t kEchoDelay = 800;  // 50 ms

std::vector<int16_t> Through(EchoCanceller& canceller, std::span<const int16_t> heard,
                             std::span<const int16_t> played) {
  std::vector<int16_t> out(heard.size());
  const size_t block = canceller.block_samples();
  for (size_t at = 0; at + block <= heard.size(); at += block) {
    canceller.Process(heard.subspan(at, block), played.subspan(at, block),
                      std::span(out).subspan(at, block));
  }
  return out;
}

struct Scene {
  std::vector<float> played = testing::Noise(10 * kRateHz, 0.3f, 8);
  std::vector<float> echo = std::vector<float>(10 * kRateHz, 0.0f);

  Scene() {
    for (size_t i = kEchoDelay; i < echo.size(); ++i) echo[i] = 0.3f * played[i - kEchoDelay];
  }
};

TEST(EchoCanceller, TakesOutTheLoudspeakerAfterAFewSeconds) {
  const Scene scene;
  auto canceller = std::move(EchoCanceller::Create({}).value());
  const auto heard = testing::AsPcm16(scene.echo);
  const auto out = Through(*canceller, heard, testing::AsPcm16(scene.played));
  const auto tail = [](const std::vector<int16_t>& samples) {
    return RmsDbfs(std::span(samples).last(2 * kRateHz));
  };
  EXPECT_LT(tail(out), tail(heard) - 20.0f);
}

TEST(EchoCanceller, LeavesTheSpeakerAloneWhileNothingIsPlayed) {
  EchoCanceller::Config config;
  config.suppress_residue = false;
  auto canceller = std::move(EchoCanceller::Create(config).value());
  const auto voice = testing::AsPcm16(testing::SpeechLike(kRateHz, 2 * kRateHz));
  const auto out = Through(*canceller, voice, std::vector<int16_t>(voice.size()));
  EXPECT_NEAR(RmsDbfs(out), RmsDbfs(voice), 1.0f);
}

TEST(EchoCanceller, MayWorkInPlaceAndAllocatesNothing) {
  auto canceller = std::move(EchoCanceller::Create({}).value());
  std::vector<int16_t> heard(canceller->block_samples(), 100);
  const std::vector<int16_t> played(canceller->block_samples(), 50);
  const parley::testing::NoAllocScope scope;
  canceller->Process(heard, played, heard);
  canceller->Reset();
  EXPECT_EQ(scope.count(), 0u);
}

TEST(EchoCanceller, RefusesAnImpossibleTail) {
  EchoCanceller::Config config;
  config.tail_ms = 5000;
  EXPECT_EQ(EchoCanceller::Create(config).error().message,
            "echo canceller tail_ms = 5000; it must lie in 50…500");
}

}  // namespace
}  // namespace parley::audio
