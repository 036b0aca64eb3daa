#include "cosyvoice2/hift/hift.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "cosyvoice2/hift/stft16.h"

namespace parley::cosyvoice2 {
namespace {

TEST(Stft16, KnowsToneFromTone) {
  // Three cycles in 16 samples: bin 3 alone, and what the window spreads to its neighbours.
  std::vector<float> tone(480);
  for (size_t i = 0; i < tone.size(); ++i) {
    tone[i] = std::cos(2 * std::numbers::pi_v<float> * 3 * static_cast<float>(i) / 16);
  }
  const std::vector<float> frames = Stft16(tone);
  ASSERT_EQ(frames.size(), 121U * kStftChannels);
  const float* const frame = &frames[60 * kStftChannels];
  const auto magnitude = [&](int bin) { return std::hypot(frame[bin], frame[9 + bin]); };
  EXPECT_NEAR(magnitude(3), 4, 1e-5);
  EXPECT_NEAR(magnitude(2), 2, 1e-5);
  EXPECT_NEAR(magnitude(4), 2, 1e-5);
  EXPECT_NEAR(magnitude(6), 0, 1e-5);
}

TEST(Istft16, TurnsASteadySpectrumIntoATone) {
  // Bin 4 turns by a whole cycle with each hop, so that frames of one phase make one tone.
  std::vector<float> frames(121 * kStftChannels, -100.0f);
  for (size_t i = 0; i < 121; ++i) {
    for (int bin = 0; bin < 9; ++bin) frames[i * kStftChannels + 9 + bin] = 0;
    frames[i * kStftChannels + 4] = std::log(4.0f);
  }
  const std::vector<float> tone = Istft16(frames);
  ASSERT_EQ(tone.size(), 480U);
  for (size_t i = 16; i + 16 < tone.size(); ++i) {
    constexpr std::array<float, 4> kTurn = {1, 0, -1, 0};  // a cosine, four samples a cycle
    // Windowed once: twice the sum of the windows over the sum of their squares, 2 / 1.5.
    EXPECT_NEAR(tone[i], 0.5f * kTurn[i % 4] * 2 / 1.5f, 1e-5) << i;
  }
}

TEST(MakeSource, IsNoiseAloneWhereThereIsNoVoice) {
  const std::vector<float> f0 = {0, 9.9f, 200, 200};
  const SourceMix mix = {.weight = {1, 0, 0, 0, 0, 0, 0, 0, 0}, .bias = 0};
  std::vector<float> sines;
  const std::vector<float> source = MakeSource(f0, mix, SeededNoise(7), {.sines = &sines});
  ASSERT_EQ(source.size(), 4U * 480);
  double quiet = 0, loud = 0;
  for (size_t i = 0; i < 960; ++i) {
    quiet += source[i] * source[i];
    loud += source[960 + i] * source[960 + i];
  }
  EXPECT_NEAR(std::sqrt(quiet / 960), 0.1 / 3, 0.004);
  EXPECT_NEAR(std::sqrt(loud / 960), 0.1 / std::sqrt(2.0), 0.02);
}

// No noise at all.
class Silence final : public Noise {
 public:
  void Fill(int64_t, std::span<float> out) const override {
    std::fill(out.begin(), out.end(), 0.0f);
  }
};

TEST(MakeSource, SinesGoOnWhereTheCallBeforeLeftThem) {
  std::vector<float> f0(60);
  for (size_t i = 0; i < f0.size(); ++i) f0[i] = 150 + 2 * static_cast<float>(i % 7);
  const SourceMix mix = {.weight = {1, 0.5, 0, 0, 0, 0, 0, 0, 0}, .bias = 0};
  const auto whole = MakeSource(f0, mix, Silence());
  SourcePhase phase;
  MakeSource(std::span(f0).first(40), mix, Silence(), {.phase = &phase});
  const auto later =
      MakeSource(std::span(f0).subspan(32), mix, Silence(), {.phase = &phase, .phase_frame = 7});
  // The first half frame stands still, for want of a frame before it.
  for (size_t i = 240; i < later.size(); ++i) {
    ASSERT_NEAR(later[i], whole[32 * 480 + i], 1e-4) << i;
  }
}

TEST(MakeSource, NoiseDependsOnThePlaceAndNotOnTheCall) {
  const SeededNoise noise(42);
  std::vector<float> whole(2 * 480 * kHarmonics);
  std::vector<float> second(480 * kHarmonics);
  noise.Fill(0, whole);
  noise.Fill(480, second);
  EXPECT_TRUE(std::equal(second.begin(), second.end(), whole.begin() + 480 * kHarmonics));
  double sum = 0, squares = 0;
  for (float value : whole) {
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / static_cast<double>(whole.size()), 0, 0.05);
  EXPECT_NEAR(squares / static_cast<double>(whole.size()), 1, 0.05);
}

}  // namespace
}  // namespace parley::cosyvoice2
