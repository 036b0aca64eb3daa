// Time to the first token, with nothing remembered and with all but the last turn, and the speed of
// an answer. Needs the model llama/smollm2-135m-instruct.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "llama/llama_model.h"
#include "llama/text_gate.h"

namespace parley::llama {
namespace {

using ports::LanguageModel;
using Role = LanguageModel::Role;

std::filesystem::path File() {
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home ? home : "/") /
         ".cache/parley/models/llama/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf";
}

LlamaModel::Request Ask(int max_tokens) {
  LlamaModel::Request request;
  request.messages = {{.role = Role::kSystem, .text = "Reply in one short sentence."},
                      {.role = Role::kUser, .text = "What is the capital of France?"}};
  request.sampling.max_tokens = max_tokens;
  request.on_text = [](std::string_view) { return true; };
  return request;
}

// The last word of the system's message changes with `salt`, so that nothing after it is
// remembered.
void Run(benchmark::State& state, bool cached, int max_tokens) {
  if (!std::filesystem::exists(File())) return state.SkipWithError("the model is not there");
  LlamaModel::Config config;
  config.file = File();
  config.contexts = 1;
  config.streams = 1;
  config.threads = static_cast<int>(state.range(0));
  const auto model = LlamaModel::Create(config);
  if (!model) return state.SkipWithError(model.error().message.c_str());
  if (cached && !(*model)->Generate(Ask(1))) return state.SkipWithError("no answer");
  int salt = 0;
  int64_t tokens = 0;
  for (auto _ : state) {
    LlamaModel::Request request = Ask(max_tokens);
    if (!cached) request.messages[0].text.insert(0, std::to_string(++salt) + ". ");
    const auto answer = (*model)->Generate(request);
    if (!answer) return state.SkipWithError(answer.error().message.c_str());
    tokens += answer->tokens;
  }
  state.SetItemsProcessed(tokens);
}

void FirstTokenCold(benchmark::State& state) { Run(state, false, 1); }
void FirstTokenCached(benchmark::State& state) { Run(state, true, 1); }
void Answer(benchmark::State& state) { Run(state, true, 64); }
BENCHMARK(FirstTokenCold)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK(FirstTokenCached)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK(Answer)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void GateToken(benchmark::State& state) {
  TextGate gate({"\nUser:", "<|im_end|>"}, true);
  for (auto _ : state) benchmark::DoNotOptimize(gate.Push(" word"));
}
BENCHMARK(GateToken);

}  // namespace
}  // namespace parley::llama
