// What it costs to make a sentence speakable, and to compare two transcripts.
#include <benchmark/benchmark.h>

#include <memory>
#include <utility>

#include "text/normalizer.h"
#include "text/words.h"

namespace parley::text {
namespace {

void NormalizeSentence(benchmark::State& state) {
  const auto normalizer = std::move(Normalizer::Create("en").value());
  for (auto _ : state) {
    benchmark::DoNotOptimize(normalizer->Normalize(
        "On March 3, 2026 Dr. Smith paid $12.50 for 5 km at 3:05 pm, which was fine with her."));
  }
}
BENCHMARK(NormalizeSentence)->Unit(benchmark::kMicrosecond);

void CompareTranscripts(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        SameWords("Um, what's the capital of France?", "what's the capital of france"));
  }
}
BENCHMARK(CompareTranscripts)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace parley::text
