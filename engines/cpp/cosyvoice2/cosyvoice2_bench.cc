// How fast the models are at their real widths, on made-up weights. Threads by PARLEY_THREADS (2).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "base/check.h"
#include "cosyvoice2/flow/flow.h"
#include "cosyvoice2/hift/hift.h"
#include "cosyvoice2/lm/lm.h"
#include "cosyvoice2/pack/model_shapes.h"
#include "cosyvoice2/stream/mel_stream.h"
#include "cosyvoice2/stream/speech.h"
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

const Hift& GetHift() {
  return Kept<Hift>(GGML_TYPE_F32, HiftManifest(RealShape().hift),
                    [](const Weights& weights) { return Hift::Create(weights); });
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
  const Hift& hift = GetHift();
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

// Ten seconds at once, as the official code does it offline.
void BM_FlowWhole(benchmark::State& state) {
  const Flow& flow = GetFlow(static_cast<ggml_type>(state.range(0)));
  nn::Executor executor(Threads());
  const FlowPrompt prompt = Prompt(67);
  const std::vector<int> tokens = Prompt(250).tokens;
  for (auto step : state) {
    PARLEY_CHECK(flow.Run(executor, prompt, {.tokens = tokens}).has_value());
  }
  state.counters["scratch_MB"] = static_cast<double>(executor.scratch_bytes() >> 20);
}

// A step of several sequences at once.
void BM_LmBatch(benchmark::State& state) {
  const Lm& lm = GetLm(GGML_TYPE_Q8_0);
  nn::Executor executor(Threads());
  std::vector<LmState> sequences(static_cast<size_t>(state.range(0)));
  std::vector<Lm::Step> steps;
  for (LmState& sequence : sequences) {
    PARLEY_CHECK(lm.Reserve(sequence, 1024).has_value());
    PARLEY_CHECK(lm.Forward(executor, sequence, Sequence(120)).has_value());
    steps.push_back({&sequence, {Symbol::Kind::kSpeech, 7}});
  }
  for (auto step : state) PARLEY_CHECK(lm.ForwardEach(executor, steps).has_value());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// From a cancel, at times spread over an utterance, to the return of whoever spoke.
void BM_Cancel(benchmark::State& state) {
  const Lm& lm = GetLm(GGML_TYPE_Q8_0);
  const Flow& flow = GetFlow(GGML_TYPE_Q8_0);
  const FlowPrompt prompt = Prompt(67);
  Speech speech(lm, flow, GetHift(), {Threads(), Threads(), Threads()});
  SpeechTask task = {.prompt = &prompt, .seed = 1};
  for (int i = 0; i < 40; ++i) task.text.text.push_back(i * 7 % 1000);
  double most_ms = 0;
  int64_t round = 0;
  for (auto step : state) {
    std::atomic<bool> cancelled = false;
    const Speech::Sink sink = {.on_audio = [](std::span<const float>) { return true; },
                               .cancelled = [&] { return cancelled.load(); },
                               .on_tokens = nullptr};
    std::thread speaking([&] { PARLEY_CHECK(speech.Speak(task, sink).has_value()); });
    std::this_thread::sleep_for(std::chrono::milliseconds(150 + 370 * round++));
    const auto begin = std::chrono::steady_clock::now();
    cancelled = true;
    speaking.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(took.count());
    most_ms = std::max(most_ms, 1000 * took.count());
  }
  state.counters["most_ms"] = most_ms;
}

// A text of 40 tokens to ten seconds of sound, as a stream, with the voice's prompt read before.
void BM_Utterance(benchmark::State& state) {
  const auto type = static_cast<ggml_type>(state.range(0));
  const Lm& lm = GetLm(GGML_TYPE_Q8_0);
  const Flow& flow = GetFlow(type);
  const Hift& hift = GetHift();
  Speech speech(lm, flow, hift, {Threads(), Threads(), Threads()});
  const FlowPrompt prompt = Prompt(state.range(1));
  nn::Executor executor(Threads());
  const auto cache = MakePromptCache(executor, flow, prompt);
  PARLEY_CHECK(cache.has_value());
  SpeechTask task = {
      .prompt = &prompt, .cache = cache->has_value() ? &**cache : nullptr, .seed = 1};
  for (int i = 0; i < 40; ++i) task.text.text.push_back(i * 7 % 1000);
  task.rules.min_ratio = task.rules.max_ratio = 6.25;
  double first_ms = 0, whole_ms = 0, sound_ms = 0;
  for (auto step : state) {
    const auto begin = std::chrono::steady_clock::now();
    const auto since_ms = [&] {
      return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
          .count();
    };
    size_t samples = 0;
    Speech::Sink sink;
    sink.on_audio = [&](std::span<const float> sound) {
      if (samples == 0) first_ms += since_ms();
      samples += sound.size();
      return true;
    };
    PARLEY_CHECK(speech.Speak(task, sink).has_value());
    whole_ms += since_ms();
    sound_ms += static_cast<double>(samples) / 24;
  }
  state.counters["first_ms"] = first_ms / static_cast<double>(state.iterations());
  state.counters["rtf"] = whole_ms / sound_ms;
  state.counters["scratch_MB"] = static_cast<double>(speech.scratch_bytes() >> 20);
}

BENCHMARK(BM_VocoderSecond)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(BM_FlowSecond)
    ->ArgNames({"type", "context_s"})
    ->ArgsProduct({{GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_Q8_0}, {3}})
    ->ArgsProduct({{GGML_TYPE_F32, GGML_TYPE_Q8_0}, {2, 10}})
    ->Iterations(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(BM_Utterance)
    ->ArgNames({"flow_type", "prompt_tokens"})
    ->Args({GGML_TYPE_F32, 67})
    ->Args({GGML_TYPE_Q8_0, 67})
    ->Args({GGML_TYPE_Q8_0, 142})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(BM_FlowWhole)
    ->ArgNames({"type"})
    ->Arg(GGML_TYPE_F32)
    ->Arg(GGML_TYPE_Q8_0)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(BM_Cancel)->Iterations(12)->Unit(benchmark::kMillisecond)->UseManualTime();
BENCHMARK(BM_LmBatch)
    ->ArgNames({"sequences"})
    ->Arg(1)
    ->Arg(2)
    ->Arg(4)
    ->Arg(8)
    ->Iterations(20)
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
