// What a session costs its thread beside the models: a second of microphone, at rest and in speech.
#include <benchmark/benchmark.h>

#include <utility>

#include "session/testing/rig.h"

namespace parley::session {
namespace {

void SecondOfSilence(benchmark::State& state) {
  testing::Rig::Config config;
  config.watched = false;
  testing::Rig rig(std::move(config));
  for (auto _ : state) rig.Silence(1000);
}
BENCHMARK(SecondOfSilence)->Unit(benchmark::kMicrosecond);

void SecondOfSpeech(benchmark::State& state) {
  testing::Rig::Config config;
  config.watched = false;
  testing::Rig rig(std::move(config));
  for (auto _ : state) {
    rig.Speak(1000);
    state.PauseTiming();
    rig.Silence(1000);
    rig.Advance(3000);
    state.ResumeTiming();
  }
}
BENCHMARK(SecondOfSpeech)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace parley::session
