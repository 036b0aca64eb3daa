#include "audio/level.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "audio/pcm.h"
#include "audio/testing/signals.h"
#include "base/testing/no_alloc_scope.h"

namespace parley::audio {
namespace {

TEST(Level, FullScaleSineIsThreeDecibelsUnderItsPeak) {
  const std::vector<float> sine = testing::Sine(1000.0, 16000, 16000, 1.0f);
  EXPECT_NEAR(RmsDbfs(sine), -3.01f, 0.01f);
  EXPECT_NEAR(PeakDbfs(sine), 0.0f, 0.01f);
  EXPECT_NEAR(RmsDbfs(testing::AsPcm16(sine)), -3.01f, 0.01f);
}

TEST(Level, SilenceAndNothingHaveTheFloor) {
  EXPECT_EQ(RmsDbfs(std::span<const float>()), kSilenceDbfs);
  EXPECT_EQ(PeakDbfs(testing::Silence(10)), kSilenceDbfs);
}

TEST(Envelope, OneStepForEachTenMillisecondsWhateverTheBlocks) {
  const std::vector<float> parts[] = {testing::Silence(1600),
                                      testing::Sine(400, 16000, 1600, 1.0f)};
  const std::vector<float> in = testing::Joined(parts);
  Envelope envelope(16000);
  std::vector<float> steps;
  std::vector<float> room(envelope.StepsMax(77));
  for (std::span<const float> rest = in; !rest.empty();) {
    const auto block = rest.first(std::min<size_t>(77, rest.size()));
    const size_t count = envelope.Process(block, room);
    steps.insert(steps.end(), room.begin(), room.begin() + static_cast<long>(count));
    rest = rest.subspan(block.size());
  }
  ASSERT_EQ(steps.size(), 20u);
  EXPECT_EQ(steps[9], 0.0f);
  EXPECT_NEAR(steps[10], 0.7071f, 1e-3f);
}

TEST(Envelope, RunsWithoutAllocating) {
  Envelope envelope(24000);
  const std::vector<float> in(480);
  std::vector<float> out(envelope.StepsMax(480));
  const parley::testing::NoAllocScope scope;
  envelope.Process(in, out);
  RmsDbfs(in);
  EXPECT_EQ(scope.count(), 0u);
}

}  // namespace
}  // namespace parley::audio
