#include "audio/silence_trimmer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "audio/testing/signals.h"
#include "base/testing/no_alloc_scope.h"

namespace parley::audio {
namespace {

constexpr int kRateHz = 22050;

SilenceTrimmer::Config Defaults() {
  SilenceTrimmer::Config config;
  config.sample_rate_hz = kRateHz;
  return config;
}

std::vector<float> Through(SilenceTrimmer& trimmer, std::span<const float> in, size_t block) {
  std::vector<float> out;
  std::vector<float> room(block + trimmer.held_samples_max());
  const auto take = [&](size_t count) {
    out.insert(out.end(), room.begin(), room.begin() + static_cast<long>(count));
  };
  while (!in.empty()) {
    const auto part = in.first(std::min(block, in.size()));
    take(trimmer.Process(part, room));
    in = in.subspan(part.size());
  }
  take(trimmer.Flush(room));
  return out;
}

std::vector<float> SilenceThenTone(size_t silence) {
  const std::vector<float> parts[] = {testing::Silence(silence),
                                      testing::Sine(200.0, kRateHz, 8000)};
  return testing::Joined(parts);
}

// Tolerance: the kept 15 ms, and the 5 ms window in which the sound begins.
TEST(SilenceTrimmer, CutsTheSilenceAndNoSampleOfTheSound) {
  const std::vector<float> in = SilenceThenTone(6000);
  for (const size_t block : {1u, 441u, 20000u}) {
    SilenceTrimmer trimmer(Defaults());
    const std::vector<float> out = Through(trimmer, in, block);
    const auto trimmed = static_cast<size_t>(trimmer.trimmed_samples());
    EXPECT_LE(trimmed, 6000u);
    EXPECT_GE(trimmed, 6000u - 20u * kRateHz / 1000u);
    ASSERT_EQ(out.size(), in.size() - trimmed);
    EXPECT_TRUE(std::equal(out.begin(), out.end(), in.begin() + static_cast<long>(trimmed)));
  }
}

TEST(SilenceTrimmer, SoundFromTheFirstSampleIsLeftAlone) {
  SilenceTrimmer trimmer(Defaults());
  const std::vector<float> in = SilenceThenTone(0);
  EXPECT_EQ(Through(trimmer, in, 441), in);
  EXPECT_EQ(trimmer.trimmed_samples(), 0);
}

TEST(SilenceTrimmer, SilenceBeyondTheLimitIsMeant) {
  SilenceTrimmer trimmer(Defaults());
  const std::vector<float> in = SilenceThenTone(3 * kRateHz);
  const std::vector<float> out = Through(trimmer, in, 441);
  EXPECT_EQ(trimmer.trimmed_samples(), kRateHz);
  EXPECT_EQ(out.size(), in.size() - kRateHz);
}

TEST(SilenceTrimmer, ZeroMillisecondsCutNothingAndFaintNoiseCountsAsSilence) {
  SilenceTrimmer::Config config = Defaults();
  config.trim_ms_max = 0;
  SilenceTrimmer off(config);
  const std::vector<float> faint = testing::Noise(4000, 0.002f, 7);  // −59 dBFS
  EXPECT_EQ(Through(off, faint, 441), faint);
  SilenceTrimmer on(Defaults());
  EXPECT_LT(Through(on, faint, 441).size(), 1000u);
}

TEST(SilenceTrimmer, RunsWithoutAllocating) {
  SilenceTrimmer trimmer(Defaults());
  const std::vector<float> in(441);
  std::vector<float> out(441 + trimmer.held_samples_max());
  const parley::testing::NoAllocScope scope;
  trimmer.Process(in, out);
  trimmer.Flush(out);
  trimmer.Reset();
  EXPECT_EQ(scope.count(), 0u);
}

}  // namespace
}  // namespace parley::audio
