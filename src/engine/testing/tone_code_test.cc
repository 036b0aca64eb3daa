#include "engine/testing/tone_code.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace parley::engine {
namespace {

TEST(ToneCode, EveryByteIsHeardAtEveryRateAndSpeed) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const int sample_rate_hz : {8'000, 16'000, 22'050, 24'000, 48'000}) {
    for (const double speed : {0.5, 1.0, 2.0, 4.0}) {
      const ToneRate rate{sample_rate_hz, speed};
      EXPECT_EQ(DecodeToneText(EncodeTone(all, rate), sample_rate_hz), all)
          << sample_rate_hz << " Hz at speed " << speed;
    }
  }
}

TEST(ToneCode, RepeatedLettersAreSeparateSymbols) {
  const ToneRate rate;
  const auto symbols = DecodeTone(EncodeTone("ll", rate), rate.sample_rate_hz);
  ASSERT_EQ(symbols.size(), 2u);
  EXPECT_NEAR(static_cast<double>(symbols[1].begin - symbols[0].begin),
              static_cast<double>(ToneSymbolSamples(rate)), 48);
  EXPECT_NEAR(static_cast<double>(symbols[0].samples),
              static_cast<double>(ToneSoundingSamples(rate)), 72);
}

TEST(ToneCode, ACutSymbolIsShorterAndAGapIsSeen) {
  const ToneRate rate;
  std::vector<float> samples = EncodeTone("ab", rate);
  samples.resize(samples.size() - static_cast<size_t>(ToneSymbolSamples(rate)) +
                 static_cast<size_t>(ToneSoundingSamples(rate)) / 2);
  samples.resize(samples.size() + 24'000, 0.0f);
  const auto tail = EncodeTone("c", rate);
  samples.insert(samples.end(), tail.begin(), tail.end());
  const auto symbols = DecodeTone(samples, rate.sample_rate_hz);
  ASSERT_EQ(symbols.size(), 3u);
  EXPECT_EQ(symbols[1].byte, 'b');
  EXPECT_NEAR(static_cast<double>(symbols[1].samples), ToneSoundingSamples(rate) / 2.0, 48);
  EXPECT_GT(symbols[2].begin - symbols[1].begin - symbols[1].samples, 23'900);
}

TEST(ToneCode, SilenceHoldsNoSymbols) {
  EXPECT_TRUE(DecodeTone(std::vector<float>(24'000, 0.0f), 24'000).empty());
  EXPECT_TRUE(DecodeTone({}, 24'000).empty());
}

RC_GTEST_PROP(ToneCodeProperty, TextsAreHeardAtAnyGain, ()) {
  const auto text = *rc::gen::resize(30, rc::gen::string<std::string>());
  const double gain_db = *rc::gen::inRange(-40, 4);
  std::vector<float> samples = EncodeTone(text, {});
  for (float& sample : samples) sample *= static_cast<float>(std::pow(10.0, gain_db / 20));
  RC_ASSERT(DecodeToneText(samples, 24'000) == text);
}

}  // namespace
}  // namespace parley::engine
