#include "audio/resampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "audio/offline_resampler.h"
#include "audio/testing/signals.h"
#include "base/testing/no_alloc_scope.h"

namespace parley::audio {
namespace {

using testing::Sine;
using testing::SnrDb;

std::unique_ptr<Resampler> Make(int in_hz, int out_hz) {
  Resampler::Config config;
  config.in_hz = in_hz;
  config.out_hz = out_hz;
  return std::move(Resampler::Create(config).value());
}

std::vector<float> Through(Resampler& resampler, std::span<const float> in, size_t block) {
  std::vector<float> out;
  std::vector<float> room(resampler.OutputSamplesMax(block));
  while (!in.empty()) {
    const auto progress = resampler.Process(in.first(std::min(block, in.size())), room);
    EXPECT_EQ(progress.consumed, std::min(block, in.size()));
    out.insert(out.end(), room.begin(), room.begin() + static_cast<long>(progress.produced));
    in = in.subspan(progress.consumed);
  }
  while (const size_t count = resampler.Flush(room)) {
    out.insert(out.end(), room.begin(), room.begin() + static_cast<long>(count));
  }
  return out;
}

class ResamplerRates : public ::testing::TestWithParam<std::tuple<int, int>> {};

// Delay 0 (compensated), total exact, and a 1 kHz tone in place with at least 50 dB away from the
// ends: the tone's phase would show a shift of a tenth of a sample.
TEST_P(ResamplerRates, ToneStaysInPlaceAndTheTotalIsExact) {
  const auto [in_hz, out_hz] = GetParam();
  auto resampler = Make(in_hz, out_hz);
  for (const size_t samples : {7u, 1234u, 40001u}) {
    const std::vector<float> in = Sine(1000.0, in_hz, samples);
    const std::vector<float> out = Through(*resampler, in, 160);
    ASSERT_EQ(static_cast<int64_t>(out.size()), resampler->OutputSamples(int64_t(samples)));
    if (samples > 10000) {
      const std::vector<float> want = Sine(1000.0, out_hz, out.size());
      EXPECT_GT(SnrDb(want, out, 400, out.size() - 400), 50.0);
    }
    resampler->Reset();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rates, ResamplerRates,
    ::testing::Combine(::testing::Values(8000, 11025, 16000, 22050, 24000, 44100, 48000),
                       ::testing::Values(8000, 16000, 22050, 24000, 44100, 48000)),
    [](const auto& param) {
      return std::to_string(std::get<0>(param.param)) + "To" +
             std::to_string(std::get<1>(param.param));
    });

TEST(Resampler, BlocksOfAnySizeGiveTheSameSamples) {
  const std::vector<float> in = testing::Noise(10000, 0.5f, 1);
  auto resampler = Make(22050, 48000);
  const std::vector<float> whole = Through(*resampler, in, in.size());
  for (const size_t block : {1u, 63u, 441u, 5000u}) {
    resampler->Reset();
    EXPECT_EQ(Through(*resampler, in, block), whole) << block;
  }
}

TEST(Resampler, WhatLiesAboveTheNewRateIsGoneNotFoldedDown) {
  auto resampler = Make(48000, 16000);
  const std::vector<float> in = Sine(11000.0, 48000, 48000);  // would fold to 5 kHz
  const std::vector<float> out = Through(*resampler, in, 480);
  double energy = 0.0;
  for (size_t i = 100; i < out.size() - 100; ++i) energy += double(out[i]) * out[i];
  EXPECT_LT(energy / double(out.size()), 0.125 * 1e-5);  // −50 dB
}

TEST(Resampler, StopsWhenTheOutputIsFullAndGoesOnWhereItStopped) {
  auto resampler = Make(16000, 48000);
  const std::vector<float> in = Sine(300.0, 16000, 1600);
  const std::vector<float> whole = Through(*resampler, in, in.size());
  resampler->Reset();
  std::vector<float> out;
  std::vector<float> room(50);
  std::span<const float> rest = in;
  while (!rest.empty()) {
    const auto progress = resampler->Process(rest, room);
    out.insert(out.end(), room.begin(), room.begin() + static_cast<long>(progress.produced));
    rest = rest.subspan(progress.consumed);
  }
  while (const size_t count = resampler->Flush(room)) {
    out.insert(out.end(), room.begin(), room.begin() + static_cast<long>(count));
  }
  EXPECT_EQ(out, whole);
}

TEST(Resampler, LookAheadIsAFewMilliseconds) {
  EXPECT_LE(Make(22050, 48000)->latency_in_samples() * 1000 / 22050, 3);
  EXPECT_LE(Make(48000, 16000)->latency_in_samples() * 1000 / 48000, 4);
}

TEST(Resampler, RunsWithoutAllocating) {
  auto resampler = Make(22050, 48000);
  const std::vector<float> in = Sine(300.0, 22050, 441);
  std::vector<float> out(resampler->OutputSamplesMax(in.size()));
  const parley::testing::NoAllocScope scope;
  for (int i = 0; i < 10; ++i) resampler->Process(in, out);
  resampler->Flush(out);
  resampler->Reset();
  EXPECT_EQ(scope.count(), 0u);
}

TEST(Resampler, RefusesRatesItDoesNotServeByName) {
  Resampler::Config config;
  config.in_hz = 4000;
  EXPECT_EQ(Resampler::Create(config).error().message,
            "resampler in_hz = 4000 Hz; it must lie in 8000…48000 Hz");
}

TEST(OfflineResampler, ToneStaysInPlaceAtEightyDecibels) {
  for (const auto& [in_hz, out_hz] : {std::pair{44100, 16000}, {8000, 24000}, {96000, 48000}}) {
    const std::vector<float> in = Sine(1000.0, in_hz, 30001);
    const std::vector<float> out = ResampleOffline(in, in_hz, out_hz).value();
    const std::vector<float> want = Sine(1000.0, out_hz, out.size());
    EXPECT_NEAR(double(out.size()), 30001.0 * out_hz / in_hz, 0.5001);
    EXPECT_GT(SnrDb(want, out, 1000, out.size() - 1000), 80.0) << in_hz;
  }
}

TEST(OfflineResampler, NothingStaysNothingAndBadRatesAreNamed) {
  EXPECT_TRUE(ResampleOffline({}, 8000, 48000).value().empty());
  EXPECT_EQ(ResampleOffline({}, 8000, 0).error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace parley::audio
