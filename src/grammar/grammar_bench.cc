// What it costs to load a grammar, and to say a sentence by it. Needs the model text/wetext.
#include <benchmark/benchmark.h>

#include <string>

#include "grammar/testing/grammar_files.h"

namespace parley::grammar {
namespace {

std::string SentenceOf(Language language) {
  switch (language) {
    case Language::kEnglish:
      return "Our 3 guests come at 3:05 pm, drive 5 km and stay for 12 days, which is fine.";
    case Language::kChinese:
      return "今天是2026年3月3日,气温25.5℃,价格是¥12.50。";
    case Language::kJapanese:
      return "今日は2026年3月3日です。気温は25.5℃で、100円です。";
  }
  return "";
}

void LoadGrammar(benchmark::State& state) {
  const Language language = kLanguages[static_cast<size_t>(state.range(0))];
  state.SetLabel(std::string(CodeOf(language)));
  for (auto _ : state) {
    auto grammar = testing::LoadWetext(language);
    if (!grammar) return state.SkipWithError("the model text/wetext was not pulled");
    benchmark::DoNotOptimize(grammar);
  }
}
BENCHMARK(LoadGrammar)->DenseRange(0, 2)->Unit(benchmark::kMillisecond);

void SaySentence(benchmark::State& state) {
  const Language language = kLanguages[static_cast<size_t>(state.range(0))];
  const auto grammar = testing::LoadWetext(language);
  if (!grammar) return state.SkipWithError("the model text/wetext was not pulled");
  const std::string sentence = SentenceOf(language);
  state.SetLabel(std::string(CodeOf(language)) + ", " + std::to_string(sentence.size()) + " bytes");
  for (auto _ : state) benchmark::DoNotOptimize(grammar->Normalize(sentence));
}
BENCHMARK(SaySentence)->DenseRange(0, 2)->Unit(benchmark::kMicrosecond);

// The worst that a client can ask for.
void SayNonsense(benchmark::State& state) {
  const auto grammar = testing::LoadWetext(Language::kEnglish);
  if (!grammar) return state.SkipWithError("the model text/wetext was not pulled");
  const std::string text(text::Normalizer::kTextBytesMax, '1');
  for (auto _ : state) benchmark::DoNotOptimize(grammar->Normalize(text));
}
BENCHMARK(SayNonsense)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace parley::grammar
