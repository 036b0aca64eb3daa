// Repetition-aware sampling of speech tokens (Chen et al., "VALL-E 2", 2024, §3.2, with the
// constants and the order of the official CosyVoice 2 code): a draw from the nucleus, and where
// that token stands among the last ones already, another from all others. In double, by inverse
// cumulative sums of given uniforms, so that a seed gives the same tokens everywhere. Pure.
#pragma once

#include <span>
#include <vector>

namespace parley::cosyvoice2 {

struct RasRules {
  double top_p = 0.8;
  int top_k = 25;
  int window = 10;          // tokens looked back
  int repeats_allowed = 0;  // in the window: tau 0.1 of 10 tokens, so that one is too many
};

struct RasDraw {
  int token = 0;
  int nucleus_draw = 0;   // the first draw
  bool fallback = false;  // whether the second was needed
  int nucleus_size = 0;
};

// Tokens of −infinity (or ≤ −1e30) are never drawn, unless all are. `history` is oldest first. u1
// and u2 are in [0, 1).
RasDraw SampleRas(std::span<const float> logits, std::span<const int> history, double u1, double u2,
                  const RasRules& rules = {});

}  // namespace parley::cosyvoice2
