// How fast the models are at their real widths, on made-up weights. Threads by PARLEY_THREADS (2).
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <utility>

#include "base/check.h"
#include "cosyvoice2/flow/flow.h"
#include "cosyvoice2/hift/hift.h"
#include "cosyvoice2/lm/lm.h"
#include "cosyvoice2/pack/model_shapes.h"
#include "cosyvoice2/stream/mel_stream.h"
#include "cosyvoice2/weights/generated.h"

namespace parley::cosyvoice2 {
namespace {

int Threads() {
  const char* const named = std::getenv("PARLEY_THREADS");
  return named == nullptr ? 2 : std::atoi(named);
}

// One model of each kind at a time in memory: of the type asked for last.
template <class Model, class Make>
const Model& Kept(ggml_type type, Manifest manifest, Make make) {
  static std::map<ggml_type, std::unique_ptr<Model>> kept;
  if (!kept.contains(type)) {
    kept.clear();
    const GeneratedWeights weights(std::move(manifest));
    auto made = make(weights);
    PARLEY_CHECK(made.has_value());
    kept[type] = *std::move(made);
  }
  return *kept[type];
}

const Lm& GetLm(ggml_type type) {
  LlmShape shape = RealShape().llm;
  shape.text_vocabulary = 1000;  // a table of which rows are read
  return Kept<Lm>(type, LlmManifest(shape), [&](const Weights& weights) {
    return Lm::Create(weights, {.matrix_type = type, .cache_type = GGML_TYPE_F16});
  });
}

const Flow& GetFlow(ggml_type type) {
  return Kept<Flow>(type, FlowManifest(RealShape().flow), [&](const Weights& weights) {
    return Flow::Create(weights, {.matrix_type = type, .cache_type = GGML_TYPE_F16});
  });
}

std::vector<Symbol> Sequence(int64_t length) {
  std::vector<Symbol> symbols = {{Symbol::Kind::kSos, 0}};
  for (int i = 1; i < length; ++i) symbols.push_back({Symbol::Kind::kSpeech, i * 37 % 6561});
  return symbols;
}

void BM_LmToken(benchmark::State& state) {
  const Lm& lm = GetLm(static_cast<ggml_type>(state.range(0)));
  nn::Executor executor(Threads());
  LmState sequence;
  PARLEY_CHECK(lm.Reserve(sequence, 1024).has_value());
  PARLEY_CHECK(lm.Forward(executor, sequence, Sequence(120)).has_value());
  const Symbol next = {Symbol::Kind::kSpeech, 7};
  for (auto step : state) {
    PARLEY_CHECK(lm.Forward(executor, sequence, std::span(&next, 1)).has_value());
  }
  state.counters["MB"] = static_cast<double>(lm.weight_bytes() >> 20);
  state.SetItemsProcessed(state.iterations());
}

void BM_LmPrefill(benchmark::State& state) {
  const Lm& lm = GetLm(static_cast<ggml_type>(state.range(0)));
  nn::Executor executor(Threads());
  for (auto step : state) {
    LmState sequence;
    PARLEY_CHECK(lm.Forward(executor, sequence, Sequence(112)).has_value());
  }
}

FlowPrompt Prompt(int64_t tokens) {
  FlowPrompt prompt;
  for (int64_t i = 0; i < tokens; ++i) prompt.tokens.push_back(static_cast<int>(i * 41 % 6561));
  prompt.mel.assign(static_cast<size_t>(2 * tokens * 80), -4.0f);
  prompt.embedding.assign(192, 0.5f);
  return prompt;
}

// 25 tokens, one second of sound, behind so many seconds of context.
void BM_FlowSecond(benchmark::State& state) {
  const Flow& flow = GetFlow(static_cast<ggml_type>(state.range(0)));
  nn::Executor executor(Threads());
  const int64_t tokens = 25 * state.range(1);
  const FlowPrompt prompt = Prompt(tokens + kLookahead);
  const auto cache = MakePromptCache(executor, flow, prompt);
  PARLEY_CHECK(cache.has_value() && cache->has_value());
  const std::vector<int> next = Prompt(25 + kLookahead).tokens;
  for (auto step : state) {
    FlowState stream = (*cache)->state;
    PARLEY_CHECK(flow.Continue(executor, stream, prompt, next, false).has_value());
  }
  state.counters["MB"] = static_cast<double>(flow.weight_bytes() >> 20);
  state.counters["cache_MB"] = static_cast<double>((*cache)->state.bytes() >> 20);
  state.counters["scratch_MB"] = static_cast<double>(executor.scratch_bytes() >> 20);
}

void BM_VocoderSecond(benchmark::State& state) {
  const Hift& hift = Kept<Hift>(GGML_TYPE_F32, HiftManifest(RealShape().hift),
                                [](const Weights& weights) { return Hift::Create(weights); });
  nn::Executor executor(Threads());
  const std::vector<float> mel(50 * 80, -4.0f);
  for (auto step : state) {
    const auto f0 = hift.PredictF0(executor, mel);
    const auto source = MakeSource(*f0, hift.source_mix(), SeededNoise(1));
    PARLEY_CHECK(hift.Decode(executor, mel, source).has_value());
  }
  state.counters["MB"] = static_cast<double>(hift.weight_bytes() >> 20);
  state.counters["scratch_MB"] = static_cast<double>(executor.scratch_bytes() >> 20);
}

BENCHMARK(BM_VocoderSecond)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(BM_FlowSecond)
    ->ArgNames({"type", "context_s"})
    ->ArgsProduct({{GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_Q8_0}, {3}})
    ->Args({GGML_TYPE_Q8_0, 10})
    ->Iterations(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(BM_LmPrefill)
    ->ArgNames({"type"})
    ->Arg(GGML_TYPE_F32)
    ->Arg(GGML_TYPE_Q8_0)
    ->Iterations(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(BM_LmToken)
    ->ArgNames({"type"})
    ->Arg(GGML_TYPE_F32)
    ->Arg(GGML_TYPE_F16)
    ->Arg(GGML_TYPE_Q8_0)
    ->Arg(GGML_TYPE_Q4_0)
    ->Iterations(20)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace parley::cosyvoice2
