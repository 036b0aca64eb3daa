#include "cosyvoice2/testing/tiny_models.h"

#include "base/check.h"
#include "base/random.h"
#include "cosyvoice2/testing/golden_data.h"
#include "cosyvoice2/weights/generated.h"

namespace parley::cosyvoice2::testing {
namespace {

constexpr int kVocabulary = 97;

std::unique_ptr<GeneratedWeights> Generate(const char* manifest) {
  auto weights = GeneratedWeights::FromFile(SmallGoldens() / manifest);
  PARLEY_CHECK(weights.has_value());
  return *std::move(weights);
}

}  // namespace

std::unique_ptr<Lm> TinyLm(LmConfig config) {
  config.heads = kTinyHeads;
  auto lm = Lm::Create(*Generate("llm.json"), config);
  PARLEY_CHECK(lm.has_value());
  return *std::move(lm);
}

std::unique_ptr<Flow> TinyFlow(FlowConfig config) {
  config.head_dim = kTinyHeadDim;
  auto flow = Flow::Create(*Generate("flow.json"), config);
  PARLEY_CHECK(flow.has_value());
  return *std::move(flow);
}

std::unique_ptr<Hift> TinyHift() {
  auto hift = Hift::Create(*Generate("hift.json"));
  PARLEY_CHECK(hift.has_value());
  return *std::move(hift);
}

FlowPrompt TinyPrompt(int64_t tokens, uint64_t seed) {
  SplitMix64 random(seed);
  FlowPrompt prompt = {.tokens = TinyTokens(tokens, seed + 100)};
  for (int64_t i = 0; i < 2 * tokens * 80; ++i) {
    prompt.mel.push_back(static_cast<float>(random.NextNormal()) - 4.0f);
  }
  for (int i = 0; i < 192; ++i) prompt.embedding.push_back(static_cast<float>(random.NextNormal()));
  return prompt;
}

std::vector<int> TinyTokens(int64_t count, uint64_t seed) {
  SplitMix64 random(seed);
  std::vector<int> tokens;
  for (int64_t i = 0; i < count; ++i)
    tokens.push_back(static_cast<int>(random.Next() % kVocabulary));
  return tokens;
}

}  // namespace parley::cosyvoice2::testing
