#include "audio/gain_ramp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "audio/pcm.h"
#include "audio/testing/signals.h"
#include "base/testing/no_alloc_scope.h"

namespace parley::audio {
namespace {

float StepMax(std::span<const float> samples) {
  float most = 0.0f;
  for (size_t i = 1; i < samples.size(); ++i) {
    most = std::max(most, std::abs(samples[i] - samples[i - 1]));
  }
  return most;
}

TEST(GainRamp, ReachesTheDuckedLevelInTenMillisecondsAndStays) {
  GainRamp ramp(48000);
  std::vector<float> ones(480, 1.0f);
  ramp.SetTarget(-15.0f, 10);
  ramp.Apply(std::span(ones));
  EXPECT_NEAR(ones[239], AmplitudeFromDb(-7.5f), 1e-3f);
  EXPECT_FLOAT_EQ(ones[479], AmplitudeFromDb(-15.0f));
  EXPECT_LT(StepMax(ones), 0.01f);
  std::vector<float> more(10, 1.0f);
  ramp.Apply(std::span(more));
  EXPECT_EQ(more.front(), ones.back());
  EXPECT_EQ(ramp.gain_db(), -15.0f);
}

TEST(GainRamp, TurnsBackInMidRampWithoutAJump) {
  GainRamp ramp(16000);
  std::vector<float> ones(400, 1.0f);
  ramp.SetTarget(-15.0f, 10);
  ramp.Apply(std::span(ones).first(80));
  ramp.SetTarget(0.0f, 10);
  ramp.Apply(std::span(ones).subspan(80));
  EXPECT_LT(StepMax(ones), 0.02f);
  EXPECT_EQ(ones.back(), 1.0f);
}

TEST(GainRamp, UnityLeavesSamplesUntouchedAndNothingAllocates) {
  GainRamp ramp(48000);
  std::vector<int16_t> samples = testing::AsPcm16(testing::Noise(960, 1.0f, 3));
  const std::vector<int16_t> before = samples;
  const parley::testing::NoAllocScope scope;
  ramp.Apply(std::span(samples));
  ramp.SetTarget(-15.0f, 10);
  ramp.SetTarget(0.0f, 0);
  ramp.Apply(std::span(samples));
  EXPECT_EQ(scope.count(), 0u);
  EXPECT_EQ(samples, before);
}

}  // namespace
}  // namespace parley::audio
