// Cost of segmenting a reply token by token.
#include "segment/segmenter.h"

#include <benchmark/benchmark.h>

#include <string_view>

namespace parley::segment {
namespace {

constexpr std::string_view kReply =
    "The capital of France is **Paris**, which lies on the Seine. It has about 2.1 million people, "
    "e.g. in the centre; Dr. Martin says so. Would you like to know more about it?";

void SegmentReply(benchmark::State& state) {
  Segmenter segmenter;
  for (auto _ : state) {
    segmenter.Reset();
    for (size_t at = 0; at < kReply.size(); at += 4) segmenter.Feed(kReply.substr(at, 4));
    segmenter.Finish();
    while (auto utterance = segmenter.Next()) benchmark::DoNotOptimize(utterance->text.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kReply.size()));
}
BENCHMARK(SegmentReply);

}  // namespace
}  // namespace parley::segment
