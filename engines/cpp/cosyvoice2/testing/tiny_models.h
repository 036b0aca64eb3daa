// The tiny models of the golden data, made up from their manifests in tests/data/cosyvoice2: for
// tests of what holds whatever the weights are.
#pragma once

#include <memory>

#include "cosyvoice2/flow/flow.h"
#include "cosyvoice2/hift/hift.h"
#include "cosyvoice2/lm/lm.h"

namespace parley::cosyvoice2::testing {

inline constexpr int64_t kTinyHeadDim = 16;  // of the flow
inline constexpr int64_t kTinyHeads = 4;     // of the language model

// Each aborts the test program where it cannot be made.
std::unique_ptr<Lm> TinyLm(LmConfig config = {});
std::unique_ptr<Flow> TinyFlow(FlowConfig config = {});
std::unique_ptr<Hift> TinyHift();

// A prompt of so many tokens, and tokens of the tiny vocabulary, from a seed.
FlowPrompt TinyPrompt(int64_t tokens, uint64_t seed = 1);
std::vector<int> TinyTokens(int64_t count, uint64_t seed = 2);

}  // namespace parley::cosyvoice2::testing
