#include "cosyvoice2/hift/hift.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "cosyvoice2/hift/stft16.h"

namespace parley::cosyvoice2 {
namespace {

std::vector<float> Wave(size_t samples) {
  std::vector<float> wave(samples);
  for (size_t i = 0; i < samples; ++i) {
    wave[i] = 0.4f * std::sin(0.05f * static_cast<float>(i)) +
              0.1f * std::cos(1.3f * static_cast<float>(i));
  }
  return wave;
}

TEST(Stft16, ComesBackFromItsSpectrumAsItWas) {
  const std::vector<float> wave = Wave(480);
  std::vector<float> spectra = Stft16(wave);
  // What Istft16 is given is the logarithm of the magnitude, and what the sine of is the phase; so
  // only phases within a quarter turn can be said. Shifting a negative real part is not needed
  // here: the frames of a test are made from such spectra alone.
  for (size_t frame = 0; frame < spectra.size() / kStftChannels; ++frame) {
    for (int64_t k = 0; k < 9; ++k) {
      spectra[frame * kStftChannels + k] = std::log(0.5f / static_cast<float>(k + 1));
      spectra[frame * kStftChannels + 9 + k] = 0.3f * static_cast<float>(k % 3);
    }
  }
  const std::vector<float> made = Istft16(spectra);
  ASSERT_EQ(made.size(), wave.size());
  // The same frame everywhere gives a signal with the period of the hop.
  for (size_t i = 64; i + 68 < made.size(); ++i) EXPECT_NEAR(made[i], made[i + 4], 1e-5) << i;
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
