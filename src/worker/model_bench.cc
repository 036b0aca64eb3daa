// The life of models: an hour by script in virtual time, and real tone engines loaded, unloaded and
// measured. PARLEY_TRACE names a file for the hour's trace, which bench/models draws.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>

#include "worker/testing/scripted_hour.h"

namespace parley::worker {
namespace {

void ScriptedHour(benchmark::State& state) {
  testing::HourTrace trace;
  for (auto _ : state) trace = testing::RunScriptedHour();
  state.counters["moments"] = static_cast<double>(trace.moments.size());
  if (const char* path = std::getenv("PARLEY_TRACE")) std::ofstream(path) << ToJson(trace);
}
BENCHMARK(ScriptedHour)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace parley::worker
