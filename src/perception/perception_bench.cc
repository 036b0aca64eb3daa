// What hearing costs: a window of VAD (target 0.3 ms), a question to the end-of-turn model.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "audio/audio_file.h"
#include "perception/end_of_turn.h"
#include "perception/testing/models.h"
#include "perception/turn_features.h"
#include "perception/voice_activity.h"

namespace parley::perception {
namespace {

std::vector<float> Jfk() {
  return audio::ReadAudioFile(PARLEY_SOURCE_DIR "/tests/data/jfk_16k.wav").value().samples;
}

void SileroWindow(benchmark::State& state) {
  auto model = LoadSilero(testing::SileroFile());
  if (!model) return state.SkipWithError(model.error().message.c_str());
  VoiceActivityDetector detector(**model, {});
  const std::vector<float> speech = Jfk();
  size_t at = 0;
  for (auto _ : state) {
    if (at + 512 > speech.size()) at = 0;
    const auto status = detector.Process(std::span(speech).subspan(at, 512),
                                         [](const auto& w) { benchmark::DoNotOptimize(w); });
    if (!status) return state.SkipWithError(status.error().message.c_str());
    at += 512;
  }
}
BENCHMARK(SileroWindow)->Unit(benchmark::kMicrosecond);

void FeaturesOfEightSeconds(benchmark::State& state) {
  const TurnFeatures extractor;
  const std::vector<float> speech = Jfk();
  std::vector<float> features(TurnFeatures::kBands * TurnFeatures::kFrames);
  for (auto _ : state) extractor.Compute(speech, features);
}
BENCHMARK(FeaturesOfEightSeconds)->Unit(benchmark::kMillisecond);

void SmartTurnScore(benchmark::State& state) {
  auto model = LoadSmartTurn(testing::SmartTurnFile(), static_cast<int>(state.range(0)));
  if (!model) return state.SkipWithError(model.error().message.c_str());
  const std::vector<float> speech = Jfk();
  for (auto _ : state) benchmark::DoNotOptimize((*model)->Score(speech));
}
BENCHMARK(SmartTurnScore)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace parley::perception
