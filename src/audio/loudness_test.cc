#include "audio/loudness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "audio/pcm.h"
#include "audio/testing/signals.h"
#include "base/testing/no_alloc_scope.h"

namespace parley::audio {
namespace {

constexpr int kRateHz = 22050;

std::unique_ptr<LoudnessNormalizer> Make(float gain_db = 0.0f) {
  LoudnessNormalizer::Config config;
  config.sample_rate_hz = kRateHz;
  config.gain_db = gain_db;
  return std::move(LoudnessNormalizer::Create(config).value());
}

double LoudnessOf(std::vector<float> samples) {
  auto meter = Make();
  meter->Process(samples);
  return meter->loudness_lufs();
}

// BS.1770: a 997 Hz sine of amplitude 1 in one channel has −3.01 LUFS.
TEST(Loudness, MeasuresAsTheRecommendationSays) {
  EXPECT_NEAR(LoudnessOf(testing::Sine(997.0, kRateHz, 5 * kRateHz, 1.0f)), -3.01, 0.1);
  EXPECT_NEAR(LoudnessOf(testing::Sine(997.0, kRateHz, 5 * kRateHz, 0.1f)), -23.01, 0.1);
}

// Tolerance: 1 LU once the voice has been heard for 6 s.
TEST(Loudness, SoftAndLoudVoicesEndEquallyLoud) {
  for (const float amplitude : {0.05f, 0.2f, 0.9f}) {
    auto normalizer = Make();
    std::vector<float> voice = testing::SpeechLike(kRateHz, 12 * kRateHz, amplitude);
    normalizer->Process(voice);
    EXPECT_NEAR(LoudnessOf({voice.end() - 5 * kRateHz, voice.end()}), -20.0, 1.0) << amplitude;
  }
}

TEST(Loudness, TheGainIsSlowAndRestsInPauses) {
  auto normalizer = Make();
  std::vector<float> voice = testing::SpeechLike(kRateHz, kRateHz, 0.03f);
  normalizer->Process(voice);
  const float learnt = normalizer->gain_db();
  EXPECT_GT(learnt, 2.0f);
  EXPECT_LE(learnt, 4.01f);
  // The last step of 100 ms is still on its way; then it rests.
  std::vector<float> pause = testing::Silence(5 * kRateHz);
  normalizer->Process(pause);
  EXPECT_NEAR(normalizer->gain_db(), learnt, 2.1f);
  const float rested = normalizer->gain_db();
  normalizer->Process(pause);
  EXPECT_EQ(normalizer->gain_db(), rested);
}

TEST(Loudness, AKnownGainIsThereFromTheFirstSample) {
  auto normalizer = Make(6.0f);
  std::vector<float> samples = {0.1f};
  normalizer->Process(samples);
  EXPECT_FLOAT_EQ(samples[0], 0.1f * AmplitudeFromDb(6.0f));
}

TEST(Loudness, RunsWithoutAllocating) {
  auto normalizer = Make();
  std::vector<float> samples = testing::SpeechLike(kRateHz, kRateHz);
  const parley::testing::NoAllocScope scope;
  normalizer->Process(samples);
  EXPECT_EQ(scope.count(), 0u);
}

TEST(Loudness, RefusesATargetThatClips) {
  LoudnessNormalizer::Config config;
  config.target_lufs = 0.0f;
  EXPECT_EQ(LoudnessNormalizer::Create(config).error().message,
            "loudness target_lufs = 0; it must lie in -40…-10");
}

}  // namespace
}  // namespace parley::audio
