// Speech tokens that come one after the other to mel frames, hop by hop. One utterance, one thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/flow/flow.h"
#include "cosyvoice2/stream/hop_plan.h"

namespace parley::cosyvoice2 {

// As much of a voice's prompt as does not depend on what is said, read once for all streams: whole
// chunks whose look-ahead lies within the prompt.
struct PromptCache {
  FlowState state;
  int64_t tokens = 0;
};

// Nothing where the prompt is too short for that.
Result<std::optional<PromptCache>> MakePromptCache(nn::Executor& executor, const Flow& flow,
                                                   const FlowPrompt& prompt);

class MelStream {
 public:
  // `cache`, where given, must be of this flow and prompt; it is copied from, cheaply. With
  // `faithful`, the last hop sees the whole sequence at once, as the official code has it; else it
  // goes on like those before.
  MelStream(const Flow& flow, const FlowPrompt& prompt, const PromptCache* cache, bool faithful);

  // Frames of the hop's tokens, [2 · hop.count][80]. `tokens` are all so far, the prompt's not
  // among them. Hops come in order. After an error, kCancelled too, the stream is as before.
  Result<std::vector<float>> Next(nn::Executor& executor, std::span<const int> tokens,
                                  const Hop& hop);

  size_t cache_bytes() const { return state_.bytes(); }

 private:
  const Flow& flow_;
  const FlowPrompt& prompt_;
  const bool faithful_;
  FlowState state_;
  int64_t read_ = 0;  // tokens, the prompt's among them
};

}  // namespace parley::cosyvoice2
