#include "audio/limiter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "audio/level.h"
#include "audio/pcm.h"
#include "audio/testing/signals.h"
#include "base/testing/no_alloc_scope.h"

namespace parley::audio {
namespace {

std::unique_ptr<Limiter> Make(int sample_rate_hz = 48000) {
  Limiter::Config config;
  config.sample_rate_hz = sample_rate_hz;
  return std::move(Limiter::Create(config).value());
}

TEST(Limiter, UnderTheCeilingOnlyTheDelayIsAdded) {
  auto limiter = Make();
  const std::vector<float> in = testing::Noise(9600, 0.89f, 4);
  std::vector<float> out = in;
  limiter->Process(out);
  const auto delay = static_cast<long>(limiter->latency_samples());
  EXPECT_EQ(delay, 96);
  EXPECT_TRUE(std::equal(out.begin() + delay, out.end(), in.begin()));
}

TEST(Limiter, NothingPassesTheCeiling) {
  const float ceiling = AmplitudeFromDb(-1.0f);
  for (const int rate : {8000, 22050, 48000}) {
    auto limiter = Make(rate);
    // Noise far too loud, single clicks in silence, and full-scale square waves.
    std::vector<float> samples = testing::Noise(20000, 8.0f, 5);
    for (size_t i = 5000; i < 10000; ++i) samples[i] = i % 777 == 0 ? -30.0f : 0.0f;
    for (size_t i = 10000; i < 15000; ++i) samples[i] = i / 50 % 2 == 0 ? 2.0f : -2.0f;
    limiter->Process(samples);
    for (const float sample : samples) ASSERT_LE(std::abs(sample), ceiling);
  }
}

TEST(Limiter, GainMovesSmoothlyAndComesBack) {
  auto limiter = Make();
  std::vector<float> samples(48000, 0.5f);
  std::fill(samples.begin() + 10000, samples.begin() + 10048, 2.0f);
  limiter->Process(samples);
  const auto delay = static_cast<long>(limiter->latency_samples());
  float most = 0.0f;
  for (long i = delay + 1; i < 10000 + delay; ++i) {
    most = std::max(
        most, std::abs(samples[static_cast<size_t>(i)] - samples[static_cast<size_t>(i) - 1]));
  }
  EXPECT_LT(most, 0.5f / 90.0f);
  EXPECT_EQ(samples.back(), 0.5f);
  EXPECT_EQ(limiter->gain_db(), 0.0f);
}

TEST(Limiter, RunsWithoutAllocatingAndResetForgets) {
  auto limiter = Make();
  std::vector<float> loud = testing::Noise(960, 8.0f, 6);
  std::vector<float> soft = testing::Noise(960, 0.5f, 6);
  const float first = soft[0];
  const parley::testing::NoAllocScope scope;
  limiter->Process(loud);
  limiter->Reset();
  limiter->Process(soft);
  EXPECT_EQ(scope.count(), 0u);
  EXPECT_EQ(soft[limiter->latency_samples()], first);
}

TEST(Limiter, RefusesAPositiveCeiling) {
  Limiter::Config config;
  config.ceiling_dbfs = 1.0f;
  EXPECT_EQ(Limiter::Create(config).error().message,
            "limiter ceiling_dbfs = 1; it must lie in -24…0");
}

}  // namespace
}  // namespace parley::audio
