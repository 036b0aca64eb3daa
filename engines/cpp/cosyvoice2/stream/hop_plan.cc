#include "cosyvoice2/stream/hop_plan.h"

#include <algorithm>

#include "cosyvoice2/flow/encoder.h"

namespace parley::cosyvoice2 {
namespace {

constexpr int64_t kOfficialHopMax = 100;
constexpr int64_t kOfficialGrowth = 2;
// Two hops of one chunk, then of two, and so on: each is in time if what is heard meanwhile, the
// hop before, lasts longer than half the next takes to make.
constexpr int64_t kHopsASize = 2;

// Tokens to the end of the chunk that the prompt ends in; 0 if it ends with it.
int64_t ToChunkEnd(int64_t prompt_tokens) {
  return (kChunkTokens - prompt_tokens % kChunkTokens) % kChunkTokens;
}

}  // namespace

HopPlan::HopPlan(const HopRules& rules, int64_t prompt_tokens) : rules_(rules) {
  hop_ = ToChunkEnd(prompt_tokens);
  const int64_t least = rules.faithful ? kChunkTokens : std::max<int64_t>(1, rules.first_min);
  while (hop_ < least) hop_ += kChunkTokens;
}

int64_t HopPlan::wanted() const { return offset_ + hop_ + kLookahead; }

void HopPlan::Grow() {
  ++hops_;
  if (rules_.faithful) {
    const int64_t before = hops_ == 1 ? kChunkTokens : hop_;
    hop_ = std::min(kOfficialHopMax, before * kOfficialGrowth);
    return;
  }
  hop_ = std::min(rules_.hop_max, ((hops_ - 1) / kHopsASize + 1) * kChunkTokens);
}

std::optional<Hop> HopPlan::Next(int64_t tokens, bool ended) {
  if (done_) return std::nullopt;
  if (tokens >= wanted()) {
    const Hop hop = {.first = offset_, .count = hop_};
    offset_ += hop_;
    Grow();
    return hop;
  }
  if (!ended) return std::nullopt;
  done_ = true;
  return Hop{.first = offset_, .count = tokens - offset_, .last = true};
}

}  // namespace parley::cosyvoice2
