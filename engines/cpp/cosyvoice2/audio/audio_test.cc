#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "base/testing/skip.h"
#include "cosyvoice2/audio/features.h"
#include "cosyvoice2/audio/filterbank.h"
#include "cosyvoice2/audio/resample.h"
#include "cosyvoice2/audio/windows.h"
#include "cosyvoice2/goldens/front_sets.h"
#include "cosyvoice2/testing/golden_data.h"

namespace parley::cosyvoice2 {
namespace {

using ::testing::Each;

std::vector<float> Tone(double hz, int rate, size_t samples) {
  std::vector<float> tone(samples);
  for (size_t i = 0; i < samples; ++i) {
    tone[i] = 0.5F * static_cast<float>(
                         std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate));
  }
  return tone;
}

size_t Loudest(std::span<const float> values) {
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

TEST(Resample, KeepsAToneAndGivesTheStatedNumberOfSamples) {
  const auto out = ResampleAsTorchaudio(Tone(440, 44'100, 4410), 44'100, 24'000);
  ASSERT_EQ(out.size(), 2400U);
  const auto tone = Tone(440, 24'000, 2400);
  for (size_t i = 200; i < 2200; ++i) EXPECT_NEAR(out[i], tone[i], 1e-3) << i;
}

TEST(Resample, AnyLengthIsTaken) {
  EXPECT_TRUE(ResampleAsTorchaudio({}, 48'000, 16'000).empty());
  EXPECT_EQ(ResampleAsTorchaudio(Tone(440, 24'000, 1), 24'000, 16'000).size(), 1U);
  EXPECT_EQ(ResampleAsTorchaudio(Tone(440, 16'000, 7), 16'000, 16'000).size(), 7U);
}

TEST(Filterbank, SlaneyIsThatOfTheReference) {
  const Filterbank bank = SlaneyFilterbank(24'000, 1920, 80, 0, 8000);
  const auto nonzero = std::count_if(bank.weights.begin(), bank.weights.end(),
                                     [](float weight) { return weight != 0; });
  EXPECT_EQ(nonzero, 1252);
  EXPECT_NEAR(std::accumulate(bank.weights.begin(), bank.weights.end(), 0.0), 6.39989, 1e-5);
  EXPECT_NEAR(bank.weights[1], 0.009013824, 1e-8);
  EXPECT_NEAR(bank.weights[5], 0.00863771, 1e-8);
}

TEST(Features, SayHowManyFramesASoundHas) {
  EXPECT_EQ(WhisperLogMel(Tone(440, 16'000, 1599))->frames, 9U);
  EXPECT_EQ(KaldiFbank(Tone(440, 16'000, 1599))->frames, 8U);
  EXPECT_EQ(FlowMel(Tone(440, 24'000, 2399))->frames, 4U);
}

TEST(Features, PutAToneIntoItsBand) {
  const auto mel = FlowMel(Tone(1000, 24'000, 24'000));
  ASSERT_TRUE(mel);
  // 1 kHz is mel 15 of 0 to 15 + 27 ln 8 / ln 6.4 = 45.25 in 81 steps.
  EXPECT_EQ(Loudest(std::span(mel->values).subspan(25 * 80, 80)), 26U);
  const auto fbank = KaldiFbank(Tone(1000, 16'000, 16'000));
  ASSERT_TRUE(fbank);
  EXPECT_EQ(Loudest(std::span(fbank->values).subspan(50 * 80, 80)), 27U);
}

TEST(Features, OfSilenceAreTheirFloors) {
  const std::vector<float> silence(24'000, 0.0F);
  EXPECT_THAT(WhisperLogMel(silence)->values, Each(-1.5F));
  EXPECT_THAT(KaldiFbank(silence)->values, Each(std::log(1.1920929e-07F)));
  const auto mel = FlowMel(silence);
  ASSERT_TRUE(mel);
  for (const float value : mel->values) EXPECT_NEAR(value, std::log(1e-5), 1e-5);
  Spectrogram fbank = *KaldiFbank(silence);
  SubtractMean(fbank);
  EXPECT_THAT(fbank.values, Each(0.0F));
}

TEST(Features, RefuseWhatIsTooShort) {
  const std::vector<float> sound(200, 0.0F);
  EXPECT_EQ(WhisperLogMel(sound).error().code, Code::kInvalidArgument);
  EXPECT_EQ(KaldiFbank(sound).error().code, Code::kInvalidArgument);
  EXPECT_EQ(FlowMel(sound).error().code, Code::kInvalidArgument);
  EXPECT_TRUE(WhisperLogMel(std::vector<float>(201, 0.0F)));
  EXPECT_TRUE(KaldiFbank(std::vector<float>(400, 0.0F)));
  EXPECT_TRUE(FlowMel(std::vector<float>(721, 0.0F)));
}

void ExpectAllPassed(const Result<std::vector<goldens::Row>>& rows) {
  ASSERT_TRUE(rows) << rows.error().message;
  for (const goldens::Row& row : *rows) {
    EXPECT_EQ(row.verdict, goldens::Verdict::kPassed)
        << row.case_name << " " << row.tensor << " " << row.max_abs << " > " << row.tolerance;
  }
}

TEST(Goldens, OfAudioConstantsAndSamplingAreAllGiven) {
  const auto root = testing::Goldens();
  if (root.empty()) SkipCounted(testing::kNoGoldens);
  ExpectAllPassed(goldens::RunAudioSet({root, root / "G4_audio"}));
  ExpectAllPassed(goldens::RunRasSet({root, root / "G6_ras"}));
  ExpectAllPassed(goldens::RunConstantsSet({root, root / "G12_constants"}));
}

}  // namespace
}  // namespace parley::cosyvoice2
