// When the tokens that are there are turned into sound: which of them, and whether they are the
// last. Decisions alone, from counts alone, never from time: so a seed gives the same bytes at any
// load. One utterance, one thread.
#pragma once

#include <cstdint>
#include <optional>

namespace parley::cosyvoice2 {

struct HopRules {
  // As the official code does it: 25 tokens first, so padded that the hop ends on a chunk, then
  // twice as many each time up to 100; the last hop sees everything at once. Else the first hop is
  // as short as the end of the chunk allows, and hops grow more slowly.
  bool faithful = false;
  // Unless faithful: tokens of the first hop, at least (of 25, one is 40 ms of sound); what is too
  // short is mostly the 8 frames that the vocoder holds back.
  int64_t first_min = 8;
  int64_t hop_max = 50;  // a multiple of 25
};

struct Hop {
  int64_t first = 0;  // token, counted after the prompt
  int64_t count = 0;  // tokens that get frames; 3 more are looked at, unless `last`
  bool last = false;
};

class HopPlan {
 public:
  HopPlan(const HopRules& rules, int64_t prompt_tokens);

  // What can be done with so many tokens, the prompt's not counted; `ended`: no more will come.
  // Nothing: wait for more. Each hop is given out once.
  std::optional<Hop> Next(int64_t tokens, bool ended);

  // Tokens that must be there for the next hop that is not the last.
  int64_t wanted() const;

 private:
  void Grow();

  const HopRules rules_;
  int64_t offset_ = 0;
  int64_t hop_;       // tokens of the next
  int64_t hops_ = 0;  // given out
  bool done_ = false;
};

}  // namespace parley::cosyvoice2
