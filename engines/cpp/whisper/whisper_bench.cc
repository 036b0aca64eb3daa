// What a final and a partial cost, by the length of what was said and the threads. Needs the model
// whisper/tiny.en; items are milliseconds of audio.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "whisper/hearing_policy.h"
#include "whisper/repetition.h"
#include "whisper/segment.h"
#include "whisper/speech_span.h"
#include "whisper/testing/models.h"
#include "whisper/whisper_model.h"

namespace parley::whisper {
namespace {

std::vector<float> LastSeconds(int64_t seconds) {
  const std::vector<float> all = testing::Jfk();
  const auto count = std::min(all.size(), static_cast<size_t>(seconds) * kSampleRateHz);
  return {all.end() - static_cast<std::ptrdiff_t>(count), all.end()};
}

void Final(benchmark::State& state) {
  const auto file = testing::TinyEn();
  const std::vector<float> pcm = LastSeconds(state.range(0));
  if (file.empty() || pcm.empty()) return state.SkipWithError("whisper/tiny.en is not there");
  const auto threads = static_cast<int>(state.range(1));
  const auto model = WhisperModel::Create({.file = file, .streams = 1, .threads = threads});
  if (!model) return state.SkipWithError(model.error().message.c_str());
  const auto ear = (*model)->Lend();
  for (auto _ : state) {
    Segment segment({.language = "en"}, *ear);
    segment.Append(pcm);
    benchmark::DoNotOptimize(segment.Final({}));
  }
}
BENCHMARK(Final)
    ->ArgNames({"s", "threads"})
    ->Args({2, 1})
    ->Args({3, 1})
    ->Args({3, 2})
    ->Args({11, 2})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void Partial(benchmark::State& state) {
  const auto file = testing::TinyEn();
  const std::vector<float> pcm = LastSeconds(state.range(0));
  if (file.empty() || pcm.empty()) return state.SkipWithError("whisper/tiny.en is not there");
  const auto model = WhisperModel::Create({.file = file, .streams = 1});
  if (!model) return state.SkipWithError(model.error().message.c_str());
  const auto ear = (*model)->Lend();
  for (auto _ : state) {
    Segment segment({.language = "en"}, *ear);
    segment.Append(pcm);
    benchmark::DoNotOptimize(segment.Partial({}));
  }
}
BENCHMARK(Partial)
    ->ArgName("s")
    ->Arg(1)
    ->Arg(3)
    ->Arg(10)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void FindSpeechInTenSeconds(benchmark::State& state) {
  const std::vector<float> pcm(10 * kSampleRateHz, 0.1F);
  for (auto _ : state) benchmark::DoNotOptimize(FindSpeech(pcm));
}
BENCHMARK(FindSpeechInTenSeconds);

void RepetitionOfHundredTokens(benchmark::State& state) {
  std::vector<int32_t> tokens(100);
  for (int i = 0; i < 100; ++i) tokens[i] = i % 37;
  for (auto _ : state) benchmark::DoNotOptimize(RepetitionStart(tokens, 40));
}
BENCHMARK(RepetitionOfHundredTokens);

}  // namespace
}  // namespace parley::whisper
