// The routing decision: the design allows 20 µs.
#include <benchmark/benchmark.h>

#include "router/choice.h"

namespace parley::router {
namespace {

void ChooseWorker(benchmark::State& state) {
  std::vector<ports::WorkerCapabilities> workers(static_cast<size_t>(state.range(0)));
  std::vector<WorkerView> views;
  for (auto& worker : workers) {
    for (int model = 0; model < 8; ++model) {
      worker.models.push_back({.id = "voice/" + std::to_string(model),
                               .state = ports::ModelState::kReady,
                               .languages = {"en-US"},
                               .slots = 4});
    }
    views.push_back({.reachable = true, .capabilities = &worker, .address = "10.0.0.1:50051"});
  }
  SplitMix64 random(1);
  const Wanted wanted{.model = "voice/7", .language = "en"};
  for (auto _ : state) benchmark::DoNotOptimize(Choose(views, wanted, {}, random));
}
BENCHMARK(ChooseWorker)->Arg(1)->Arg(16)->Arg(100);

}  // namespace
}  // namespace parley::router
