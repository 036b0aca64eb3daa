// Cost of one pacing tick.
#include "playout/playout.h"

#include <benchmark/benchmark.h>

#include <vector>

namespace parley::playout {
namespace {

void Tick(benchmark::State& state) {
  Playout playout(Config{.capacity_ms = 600'000});
  const std::vector<int16_t> second(24'000);
  int64_t now_us = 1'000'000;
  playout.Hold(TurnId{1});
  playout.Release(TurnId{1}, now_us);
  int64_t pushed_us = now_us;
  for (auto _ : state) {
    now_us += 20'000;
    if (now_us >= pushed_us) {
      state.PauseTiming();
      playout.Push(TurnId{1}, UtteranceId{1}, second, now_us);
      pushed_us += 1'000'000;
      state.ResumeTiming();
    }
    while (const auto frame = playout.Next(now_us)) benchmark::DoNotOptimize(frame->pcm.data());
    benchmark::DoNotOptimize(playout.At(now_us));
  }
}
BENCHMARK(Tick);

}  // namespace
}  // namespace parley::playout
