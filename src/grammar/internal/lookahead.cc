#include "grammar/internal/lookahead.h"

#include <unordered_map>

namespace parley::grammar::internal {
namespace {

template <class Visit>
void ForArcsOf(const FstData& fst, uint32_t state, Visit visit) {
  const uint32_t begin = state == 0 ? 0 : fst.states[state - 1].arcs_end;
  for (uint32_t at = begin; at < fst.states[state].arcs_end; ++at) visit(fst.arcs[at]);
}

// Each state before those that arcs that read nothing lead to from it: states without such an arc
// left to enter them are taken away, until none is left, or a circle. Empty for a circle.
std::vector<uint32_t> OrderOf(const FstData& fst) {
  std::vector<uint32_t> entered(fst.states.size(), 0);
  for (const FstArc& arc : fst.arcs) entered[arc.next] += arc.in == 0 ? 1 : 0;
  std::vector<uint32_t> order;
  order.reserve(fst.states.size());
  for (uint32_t state = 0; state < fst.states.size(); ++state) {
    if (entered[state] == 0) order.push_back(state);
  }
  for (size_t at = 0; at < order.size(); ++at) {
    ForArcsOf(fst, order[at], [&](const FstArc& arc) {
      if (arc.in == 0 && --entered[arc.next] == 0) order.push_back(arc.next);
    });
  }
  if (order.size() != fst.states.size()) order.clear();
  return order;
}

}  // namespace

bool AddLookahead(FstData& fst) {
  const std::vector<uint32_t> order = OrderOf(fst);
  if (order.size() != fst.states.size()) return false;
  fst.next_bytes.resize(order.size());
  // Few sets are different, and each has 32 bytes.
  std::unordered_map<ByteSet, uint32_t> known;
  for (size_t at = order.size(); at-- > 0;) {
    const uint32_t state = order[at];
    ByteSet bytes;
    bytes[kTextEnd] = fst.states[state].final;
    ForArcsOf(fst, state, [&](const FstArc& arc) {
      if (arc.in == 0) {
        bytes |= fst.byte_sets[fst.next_bytes[arc.next]];
      } else {
        bytes.set(arc.in);
      }
    });
    const auto [entry, is_new] =
        known.try_emplace(bytes, static_cast<uint32_t>(fst.byte_sets.size()));
    if (is_new) fst.byte_sets.push_back(bytes);
    fst.next_bytes[state] = entry->second;
  }
  return true;
}

}  // namespace parley::grammar::internal
