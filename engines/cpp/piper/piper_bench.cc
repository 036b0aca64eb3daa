// What a listener waits for, and the parts it is made of. Needs the default voice; without it those
// benchmarks are skipped with a line that says so.

#include <benchmark/benchmark.h>

#include <filesystem>
#include <map>

#include "base/file.h"
#include "piper/onnx_split.h"
#include "piper/phonemizer.h"
#include "piper/synthesizer.h"
#include "piper/testing/voices.h"

namespace parley::piper {
namespace {

constexpr const char* kTexts[] = {
    // 1.2 s, 1.8 s, 6 s and 10.5 s of speech.
    "How are you today?", "The capital of France is Paris.",
    "The quick brown fox jumps over the lazy dog, and then it rests for a while under the old "
    "tree by the river.",
    "When the weather is fine we often walk along the river to the old mill, where my grandmother "
    "used to bake bread for the whole village and tell the children stories about the sea and "
    "the ships she had seen."};

const std::string& Model() {
  static const std::string model =
      ReadFile(testing::DefaultVoiceFolder() / "en_US-joe-medium.onnx", 1 << 27).value_or("");
  return model;
}

Phonemizer& English() {
  static const auto phonemizer =
      std::move(*Phonemizer::Create(testing::EnglishVoice(), PARLEY_ESPEAK_DATA_DIR));
  return *phonemizer;
}

// Sessions are kept between benchmarks: {threads, flow context, decoder context}.
Synthesizer& Opened(int threads, int64_t flow_context, int64_t decoder_context) {
  static std::map<std::array<int64_t, 3>, std::unique_ptr<Synthesizer>> opened;
  auto& place = opened[{threads, flow_context, decoder_context}];
  if (!place) {
    Synthesizer::Config config{.threads = threads};
    config.flow_context_max = flow_context;
    config.decoder_context_max = decoder_context;
    place = std::move(*Synthesizer::Create(Model(), config));
  }
  return *place;
}

// Text → first samples: reading, encoder, first piece of flow and decoder.
// Arguments: text, threads, flow context, decoder context (0: exact).
void BM_FirstAudio(benchmark::State& state) {
  if (Model().empty()) return state.SkipWithError("the voice en_US-joe-medium is not pulled");
  const Synthesizer& synthesizer =
      Opened(static_cast<int>(state.range(1)), state.range(2), state.range(3));
  const Voice voice = testing::EnglishVoice();
  size_t samples = 0;
  for (auto _ : state) {
    const auto sentences = English().Phonemize(kTexts[state.range(0)]);
    const Ids ids = ToIds(voice, sentences[0].symbols);
    SplitMix64 random(1);
    const auto sentence = synthesizer.Begin(ids.ids, {}, &random, nullptr);
    const auto chunk = (*sentence)->Next();
    benchmark::DoNotOptimize(chunk->data());
    samples = chunk->size();
  }
  state.counters["first_chunk_ms"] = static_cast<double>(samples) / 22.05;
}
BENCHMARK(BM_FirstAudio)
    ->ArgNames({"text", "threads", "flow", "dec"})
    ->ArgsProduct({{0, 1, 2, 3}, {1, 2}, {0}, {0}})
    ->ArgsProduct({{0, 1, 2, 3}, {1, 2}, {16}, {6}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

// The whole sentence in pieces, and how far the sound got ahead of its own playing: the least, over
// all chunks, of (time at which the chunk must play) − (time at which it was there).
void BM_Sentence(benchmark::State& state) {
  if (Model().empty()) return state.SkipWithError("the voice en_US-joe-medium is not pulled");
  const Synthesizer& synthesizer =
      Opened(static_cast<int>(state.range(1)), state.range(2), state.range(3));
  const Voice voice = testing::EnglishVoice();
  const auto sentences = English().Phonemize(kTexts[state.range(0)]);
  const Ids ids = ToIds(voice, sentences[0].symbols);
  double samples = 0;
  double slack_min_ms = 1e9;
  for (auto _ : state) {
    SplitMix64 random(1);
    const auto sentence = synthesizer.Begin(ids.ids, {}, &random, nullptr);
    std::chrono::steady_clock::time_point first{};
    samples = 0;
    while (true) {
      const auto chunk = (*sentence)->Next();
      if (chunk->empty()) break;
      const auto now = std::chrono::steady_clock::now();
      if (samples == 0) first = now;
      const double late_ms = std::chrono::duration<double, std::milli>(now - first).count();
      if (samples > 0) slack_min_ms = std::min(slack_min_ms, samples / 22.05 - late_ms);
      samples += static_cast<double>(chunk->size());
    }
  }
  state.counters["audio_ms"] = samples / 22.05;
  if (slack_min_ms < 1e9) state.counters["slack_min_ms"] = slack_min_ms;
}
BENCHMARK(BM_Sentence)
    ->ArgNames({"text", "threads", "flow", "dec"})
    ->ArgsProduct({{0, 1, 2, 3}, {1, 2}, {0}, {0}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

// The encoder alone, which runs over the whole sentence.
void BM_Encoder(benchmark::State& state) {
  if (Model().empty()) return state.SkipWithError("the voice en_US-joe-medium is not pulled");
  const Synthesizer& synthesizer = Opened(static_cast<int>(state.range(1)), 0, 0);
  const auto sentences = English().Phonemize(kTexts[state.range(0)]);
  const Ids ids = ToIds(testing::EnglishVoice(), sentences[0].symbols);
  for (auto _ : state) {
    SplitMix64 random(1);
    const auto sentence = synthesizer.Begin(ids.ids, {}, &random, nullptr);
    benchmark::DoNotOptimize(sentence->get());
  }
}
BENCHMARK(BM_Encoder)
    ->ArgNames({"text", "threads"})
    ->ArgsProduct({{0, 1, 2, 3}, {1, 2}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

void BM_Phonemize(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(English().Phonemize(kTexts[state.range(0)]).data());
  }
}
BENCHMARK(BM_Phonemize)->DenseRange(0, 3)->Unit(benchmark::kMicrosecond);

void BM_Split(benchmark::State& state) {
  if (Model().empty()) return state.SkipWithError("the voice en_US-joe-medium is not pulled");
  for (auto _ : state) benchmark::DoNotOptimize(SplitVoice(Model())->encoder.data());
}
BENCHMARK(BM_Split)->Unit(benchmark::kMillisecond);

void BM_Load(benchmark::State& state) {
  if (Model().empty()) return state.SkipWithError("the voice en_US-joe-medium is not pulled");
  for (auto _ : state) {
    benchmark::DoNotOptimize(Synthesizer::Create(Model(), {.whole = state.range(0) != 0})->get());
  }
}
BENCHMARK(BM_Load)->ArgName("whole")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace parley::piper
