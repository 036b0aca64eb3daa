// What a worker costs Redis and the gateway: its JSON, and the reading of a view of two hundred.
#include <benchmark/benchmark.h>

#include "registry/announcement.h"
#include "registry/internal/view_keeper.h"

namespace parley::registry {
namespace {

Announcement Worker(int number) {
  Announcement worker{.instance = "instance-" + std::to_string(number),
                      .address = "10.0.0.1:50051",
                      .capabilities = {.worker_id = "worker-" + std::to_string(number)}};
  for (int model = 0; model < 20; ++model) {
    worker.capabilities.models.push_back({.id = "piper/voice-" + std::to_string(model),
                                          .engine = "piper",
                                          .licence = "MIT",
                                          .voices = {"default"},
                                          .languages = {"en-US"},
                                          .capabilities = {"marks", "streaming"},
                                          .slots = 2});
  }
  return worker;
}

void ToJsonOfAWorker(benchmark::State& state) {
  const Announcement worker = Worker(1);
  for (auto _ : state) benchmark::DoNotOptimize(ToJson(worker));
  state.counters["bytes"] = static_cast<double>(ToJson(worker).size());
}
BENCHMARK(ToJsonOfAWorker);

void FromJsonOfAWorker(benchmark::State& state) {
  const std::string json = ToJson(Worker(1));
  for (auto _ : state) benchmark::DoNotOptimize(FromJson(json));
}
BENCHMARK(FromJsonOfAWorker);

// A reading in which only the beats are new.
void ReadingOfTwoHundred(benchmark::State& state) {
  ViewKeeper keeper(5'000);
  std::vector<ViewKeeper::Row> rows;
  std::vector<std::string> problems;
  for (int i = 0; i < 200; ++i) {
    rows.push_back({"instance-" + std::to_string(i), "0", "1", 1, ToJson(Worker(i))});
  }
  keeper.OnRead(rows, 0, &problems);
  for (auto& row : rows) row.info.clear();
  int64_t now_us = 0;
  for (auto _ : state) {
    for (auto& row : rows) row.beat = std::to_string(now_us);
    keeper.OnRead(rows, now_us += 1'000'000, &problems);
  }
}
BENCHMARK(ReadingOfTwoHundred);

}  // namespace
}  // namespace parley::registry
