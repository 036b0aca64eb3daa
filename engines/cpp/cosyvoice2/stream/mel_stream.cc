#include "cosyvoice2/stream/mel_stream.h"

#include <algorithm>

namespace parley::cosyvoice2 {
namespace {

constexpr int64_t kMel = 80;

}  // namespace

Result<std::optional<PromptCache>> MakePromptCache(nn::Executor& executor, const Flow& flow,
                                                   const FlowPrompt& prompt) {
  const auto length = static_cast<int64_t>(prompt.tokens.size());
  const int64_t tokens = std::max<int64_t>(0, (length - kLookahead) / kChunkTokens) * kChunkTokens;
  if (tokens == 0) return std::optional<PromptCache>();
  PromptCache cache = {.state = flow.NewState(), .tokens = tokens};
  PARLEY_TRY(const auto mel,
             flow.Continue(executor, cache.state, prompt,
                           std::span(prompt.tokens).first(tokens + kLookahead), false));
  return std::optional<PromptCache>(std::move(cache));
}

MelStream::MelStream(const Flow& flow, const FlowPrompt& prompt, const PromptCache* cache,
                     bool faithful)
    : flow_(flow),
      prompt_(prompt),
      faithful_(faithful),
      state_(cache == nullptr ? flow.NewState() : cache->state),
      read_(cache == nullptr ? 0 : cache->tokens) {}

Result<std::vector<float>> MelStream::Next(nn::Executor& executor, std::span<const int> tokens,
                                           const Hop& hop) {
  if (hop.count == 0) return std::vector<float>();
  if (hop.last && faithful_) {
    return flow_.Run(executor, prompt_, {.tokens = tokens, .first_token = hop.first});
  }
  const auto prompt_tokens = static_cast<int64_t>(prompt_.tokens.size());
  const int64_t end = prompt_tokens + hop.first + hop.count;
  std::vector<int> next;
  for (int64_t i = read_; i < end + (hop.last ? 0 : kLookahead); ++i) {
    next.push_back(i < prompt_tokens ? prompt_.tokens[i] : tokens[i - prompt_tokens]);
  }
  PARLEY_TRY(std::vector<float> mel, flow_.Continue(executor, state_, prompt_, next, hop.last));
  const int64_t of_prompt = std::max<int64_t>(0, prompt_tokens - read_);
  mel.erase(mel.begin(), mel.begin() + of_prompt * kFramesAToken * kMel);
  read_ = end;
  return mel;
}

}  // namespace parley::cosyvoice2
