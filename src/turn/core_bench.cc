// Cost of the core: a window of voice activity at rest, and whole turns in virtual time.
#include "turn/core.h"

#include <benchmark/benchmark.h>

#include "turn/testing/virtual_call.h"

namespace parley::turn {
namespace {

void QuietWindow(benchmark::State& state) {
  Core::Config config;
  config.detection.mode = DetectionMode::kSemanticVad;
  const auto core = *Core::Create(config);
  int64_t uplink = 0;
  for (auto _ : state) {
    uplink += 512;
    benchmark::DoNotOptimize(core->Step({uplink * 62, uplink, VoiceActivity{0.02f, -60}}));
  }
}
BENCHMARK(QuietWindow);

// A question and its answer: 8 s of call. `minutes` is how much call a second of one core holds.
void WholeTurn(benchmark::State& state) {
  for (auto _ : state) {
    testing::VirtualCall call{testing::VirtualCall::Config()};
    call.Say(500, "What is the capital of France");
    call.RunUntil(8000);
    benchmark::DoNotOptimize(call.log().size());
  }
  state.counters["minutes"] = benchmark::Counter(static_cast<double>(state.iterations()) * 8 / 60,
                                                 benchmark::Counter::kIsRate);
}
BENCHMARK(WholeTurn)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace parley::turn
