#include "audio/speech_post_processor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "audio/level.h"
#include "audio/pcm.h"
#include "audio/testing/signals.h"
#include "base/testing/no_alloc_scope.h"

namespace parley::audio {
namespace {

using Config = SpeechPostProcessor::Config;

std::unique_ptr<SpeechPostProcessor> Make(const Config& config) {
  return std::move(SpeechPostProcessor::Create(config).value());
}

struct Delivered {
  std::vector<int16_t> samples;  // without the silence that fills up the last frame
  std::vector<size_t> sizes;
  int last_frames = 0;
};

Delivered Through(SpeechPostProcessor& processor, std::span<const float> in, size_t chunk) {
  Delivered delivered;
  const auto take = [&](const PcmFrame& frame) {
    EXPECT_EQ(frame.pts_samples, static_cast<int64_t>(delivered.samples.size()));
    EXPECT_EQ(delivered.last_frames, 0) << "nothing follows the last frame";
    const auto sound = frame.samples.first(frame.samples.size() - frame.padding_samples);
    delivered.samples.insert(delivered.samples.end(), sound.begin(), sound.end());
    delivered.sizes.push_back(frame.samples.size());
    delivered.last_frames += frame.last ? 1 : 0;
    EXPECT_TRUE(frame.last || frame.padding_samples == 0);
  };
  while (!in.empty()) {
    const auto part = in.first(std::min(chunk, in.size()));
    processor.Process(part, take);
    in = in.subspan(part.size());
  }
  processor.Finish(take);
  return delivered;
}

class PostProcessorRates : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(PostProcessorRates, TotalIsExactForEveryLength) {
  const auto [in_hz, out_hz] = GetParam();
  Config config;
  config.in_hz = in_hz;
  config.out_hz = out_hz;
  auto processor = Make(config);
  for (const size_t length : {1u, 10u, 441u, 9999u, 44100u, 48000u, 50000u}) {
    processor->Begin();
    const Delivered out = Through(*processor, testing::Sine(200, in_hz, length, 0.5f, 1.0), 3000);
    const double want = double(int64_t(length) - processor->trimmed_samples()) * out_hz / in_hz;
    EXPECT_NEAR(double(out.samples.size()), want, 0.5001) << length;
    for (const size_t size : out.sizes) EXPECT_EQ(int(size), out_hz / 50);
    EXPECT_EQ(out.last_frames, out.samples.empty() ? 0 : 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Rates, PostProcessorRates,
                         ::testing::Combine(::testing::Values(16000, 22050, 24000, 48000),
                                            ::testing::Values(8000, 16000, 24000, 48000)));

// A click in the native sound, a mark on it: the mark's pts is where the click is delivered.
// Tolerance 1 sample.
TEST(SpeechPostProcessor, AMarkLiesWhereItsSoundLies) {
  Config config;
  config.normalize = false;
  auto processor = Make(config);
  std::vector<float> in = testing::Silence(5000);
  const std::vector<float> sound = testing::Sine(150, 22050, 20000, 0.05f, 1.0);
  in.insert(in.end(), sound.begin(), sound.end());
  in[17000] = 0.8f;
  const Delivered out = Through(*processor, in, 1000);
  const auto loudest = std::max_element(out.samples.begin(), out.samples.end());
  const int64_t at = loudest - out.samples.begin();
  EXPECT_GT(processor->trimmed_samples(), 4000);
  EXPECT_NEAR(double(at), double(processor->OutputPts(17000).value()), 1.0);
}

TEST(SpeechPostProcessor, MarksWaitUntilTheTrimIsKnownAndStayInside) {
  auto processor = Make(Config{});
  const auto ignore = [](const PcmFrame&) {};
  processor->Process(testing::Silence(4000), ignore);
  EXPECT_FALSE(processor->OutputPts(100));
  processor->Process(testing::Sine(200, 22050, 4000), ignore);
  EXPECT_EQ(processor->OutputPts(100), 0);
  EXPECT_FALSE(processor->OutputPts(8001));
  processor->Finish(ignore);
  const int64_t total = processor->OutputPts(8000).value();
  EXPECT_EQ(processor->OutputPts(1'000'000), total);
}

TEST(SpeechPostProcessor, ASilentUtteranceEndsToo) {
  auto processor = Make(Config{});
  const Delivered out = Through(*processor, testing::Silence(6000), 6000);
  EXPECT_LT(out.samples.size(), 48000u / 20);
  EXPECT_EQ(processor->OutputPts(6000), static_cast<int64_t>(out.samples.size()));
  processor->Begin();
  EXPECT_TRUE(Through(*processor, {}, 100).samples.empty());
}

TEST(SpeechPostProcessor, LoudVoicesAreLimitedAndSoftOnesLifted) {
  Config config;
  config.loudness.gain_db = 12.0f;
  auto processor = Make(config);
  const Delivered out = Through(*processor, testing::SpeechLike(22050, 66150, 0.9f), 1024);
  std::vector<float> floats(out.samples.size());
  FloatFromPcm16(out.samples, floats);
  EXPECT_LE(PeakDbfs(floats), -0.99f);
  EXPECT_GT(PeakDbfs(std::span<const float>(floats).first(9600)), -1.5f);
}

TEST(SpeechPostProcessor, LoudnessGoesOnInTheNextUtterance) {
  auto processor = Make(Config{});
  Through(*processor, testing::SpeechLike(22050, 66150, 0.05f), 4096);
  const float learnt = processor->gain_db();
  EXPECT_GT(learnt, 5.0f);
  processor->Begin();
  EXPECT_EQ(processor->gain_db(), learnt);
}

// A part with neither gain nor limiting is the resampler's output alone: chunks do not show.
TEST(SpeechPostProcessor, ChunksOfAnySizeGiveTheSameBytes) {
  auto processor = Make(Config{});
  const std::vector<float> in = testing::SpeechLike(22050, 30000);
  processor->Begin();
  const std::vector<int16_t> whole = Through(*processor, in, in.size()).samples;
  for (const size_t chunk : {1u, 441u, 5000u}) {
    auto other = Make(Config{});
    EXPECT_EQ(Through(*other, in, chunk).samples, whole) << chunk;
  }
}

TEST(SpeechPostProcessor, RunsWithoutAllocating) {
  auto processor = Make(Config{});
  const std::vector<float> in = testing::SpeechLike(22050, 22050);
  int64_t delivered = 0;
  const auto take = [&](const PcmFrame& frame) { delivered += int64_t(frame.samples.size()); };
  const parley::testing::NoAllocScope scope;
  for (int i = 0; i < 3; ++i) {
    processor->Process(in, take);
    processor->OutputPts(500);
    processor->Finish(take);
    processor->Begin();
  }
  EXPECT_EQ(scope.count(), 0u);
  EXPECT_GT(delivered, 3 * 40000);
}

TEST(SpeechPostProcessor, AnErrorNamesTheFieldThatIsWrong) {
  Config config;
  config.out_hz = 96000;
  EXPECT_EQ(SpeechPostProcessor::Create(config).error().message,
            "resampler out_hz = 96000 Hz; it must lie in 8000…48000 Hz");
}

}  // namespace
}  // namespace parley::audio
