// Byte-pair encoding of one piece: of all neighbours that a rule joins, those with the rule of the
// lowest rank are joined first, the leftmost of them, until none is left. Pure.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace parley::cosyvoice2 {

struct PairRule {
  int32_t rank = 0;
  int32_t joined = 0;  // id of what the two make
};

// (left id << 32 | right id) → rule.
using PairRules = std::unordered_map<uint64_t, PairRule>;

inline uint64_t PairKey(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

// In place; n log n in the number of ids.
void JoinPairs(const PairRules& rules, std::vector<int32_t>& ids);

}  // namespace parley::cosyvoice2
