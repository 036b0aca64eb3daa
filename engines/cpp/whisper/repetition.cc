#include "whisper/repetition.h"

#include <algorithm>

namespace parley::whisper {
namespace {

constexpr size_t kPeriodMax = 16;
constexpr size_t kTokensMin = 12;

size_t RepeatsNeeded(size_t period, bool plausible) {
  constexpr size_t kPeriodOfSentence = 4;
  if (!plausible && period >= kPeriodOfSentence) return 2;
  return period == 1 ? 8 : std::max<size_t>(3, (kTokensMin + period - 1) / period);
}

// How many times the last `period` tokens stand at the end, one after the other.
size_t Repeats(std::span<const int32_t> tokens, size_t period) {
  size_t same = 0;
  while (same + period < tokens.size() &&
         tokens[tokens.size() - 1 - same] == tokens[tokens.size() - 1 - same - period]) {
    ++same;
  }
  return same / period + 1;
}

}  // namespace

std::optional<size_t> RepetitionStart(std::span<const int32_t> tokens, size_t plausible) {
  for (size_t period = 1; period <= kPeriodMax && 2 * period <= tokens.size(); ++period) {
    const size_t repeats = Repeats(tokens, period);
    if (repeats >= RepeatsNeeded(period, tokens.size() <= plausible))
      return tokens.size() - (repeats - 1) * period;
  }
  return std::nullopt;
}

}  // namespace parley::whisper
