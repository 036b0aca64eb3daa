// The routing decision: the design allows 20 µs at 200 workers with 20 models each.
#include <benchmark/benchmark.h>

#include "net/testing/manual_executor.h"
#include "ports/testing/fake_model_host.h"
#include "router/internal/worker.h"
#include "router/internal/worker_table.h"

namespace parley::router {
namespace {

std::shared_ptr<registry::Announcement> Announced(int number) {
  auto worker = std::make_shared<registry::Announcement>();
  worker->instance = "instance-" + std::to_string(number);
  worker->address = "10.0.0.1:50051";
  worker->capabilities.worker_id = "worker-" + std::to_string(number);
  for (int model = 0; model < 20; ++model) {
    worker->capabilities.models.push_back({.id = "piper/en_US-voice-" + std::to_string(model),
                                           .state = ports::ModelState::kReady,
                                           .languages = {"en-US"},
                                           .slots = 4});
  }
  return worker;
}

void ChooseWorker(benchmark::State& state) {
  FakeClock clock;
  net::testing::ManualExecutor executor(clock);
  const auto dial = [](const std::string& address) -> Result<WorkerLink> {
    return WorkerLink{.address = address};
  };
  const auto table = std::make_shared<WorkerTable>(
      RouterConfig{}, Router::Deps{clock, executor, dial}, std::vector<WorkerLink>{});
  table->Start();
  registry::WorkerDirectory::View view{.stale = false};
  for (int i = 0; i < state.range(0); ++i) view.workers.push_back(Announced(i));
  table->Update(std::make_shared<const registry::WorkerDirectory::View>(view));
  executor.RunReady();
  const Wanted wanted{.model = "piper/en_US-voice-17", .language = "en"};
  for (auto _ : state) {
    auto place = table->Take(wanted, "session-1", {});
    table->End(place->worker, wanted.kind, WorkerTable::Outcome::kGood);
  }
}
BENCHMARK(ChooseWorker)->Arg(1)->Arg(16)->Arg(200);

}  // namespace
}  // namespace parley::router
