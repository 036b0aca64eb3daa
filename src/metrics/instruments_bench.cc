#include <benchmark/benchmark.h>

#include "metrics/buckets.h"
#include "metrics/registry.h"

namespace parley::metrics {
namespace {

void BM_CounterAdd(benchmark::State& state) {
  static Counter counter;
  for (auto _ : state) counter.Add();
}
BENCHMARK(BM_CounterAdd)->Threads(1)->Threads(2);

void BM_HistogramObserve(benchmark::State& state) {
  static Histogram histogram(kHopBucketsMs);
  for (auto _ : state) histogram.Observe(1.5);
}
BENCHMARK(BM_HistogramObserve)->Threads(1)->Threads(2);

}  // namespace
}  // namespace parley::metrics
