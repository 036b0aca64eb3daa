// What 20 ms of sound costs in each stage of the live path.
#include <benchmark/benchmark.h>

#include <vector>

#include "audio/echo_canceller.h"
#include "audio/g711.h"
#include "audio/limiter.h"
#include "audio/loudness.h"
#include "audio/resampler.h"
#include "audio/speech_post_processor.h"
#include "audio/testing/signals.h"

namespace parley::audio {
namespace {

void ResampleFrame(benchmark::State& state) {
  Resampler::Config config;
  config.in_hz = static_cast<int>(state.range(0));
  config.out_hz = static_cast<int>(state.range(1));
  const auto resampler = std::move(Resampler::Create(config).value());
  const auto in = testing::SpeechLike(config.in_hz, static_cast<size_t>(config.in_hz / 50));
  std::vector<float> out(resampler->OutputSamplesMax(in.size()));
  for (auto _ : state) benchmark::DoNotOptimize(resampler->Process(in, out));
}
BENCHMARK(ResampleFrame)->Args({24000, 16000})->Args({22050, 24000})->Args({22050, 48000});

void LimitFrame(benchmark::State& state) {
  const auto limiter = std::move(Limiter::Create({}).value());
  std::vector<float> samples = testing::SpeechLike(48000, 960);
  for (auto _ : state) limiter->Process(samples);
}
BENCHMARK(LimitFrame);

void NormalizeFrame(benchmark::State& state) {
  const auto normalizer = std::move(LoudnessNormalizer::Create({}).value());
  const auto in = testing::SpeechLike(22050, 441);
  std::vector<float> samples = in;
  for (auto _ : state) {
    samples = in;
    normalizer->Process(samples);
  }
}
BENCHMARK(NormalizeFrame);

void PostProcessFrame(benchmark::State& state) {
  const auto processor = std::move(SpeechPostProcessor::Create({}).value());
  const auto in = testing::SpeechLike(22050, 441);
  for (auto _ : state)
    processor->Process(in, [](const PcmFrame& f) { benchmark::DoNotOptimize(f); });
}
BENCHMARK(PostProcessFrame);

void MuLawFrame(benchmark::State& state) {
  const auto in = testing::AsPcm16(testing::SpeechLike(8000, 160));
  std::vector<uint8_t> out(in.size());
  for (auto _ : state) {
    MuLawFromPcm16(in, out);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(MuLawFrame);

void CancelEchoBlock(benchmark::State& state) {
  const auto canceller = std::move(EchoCanceller::Create({}).value());
  auto heard = testing::AsPcm16(testing::SpeechLike(16000, canceller->block_samples()));
  for (auto _ : state) canceller->Process(heard, heard, heard);
}
BENCHMARK(CancelEchoBlock);

}  // namespace
}  // namespace parley::audio
