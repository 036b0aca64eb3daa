#include "cosyvoice2/text/byte_pairs.h"

#include <functional>
#include <queue>

namespace parley::cosyvoice2 {
namespace {

constexpr int32_t kGone = -1;

struct Candidate {
  int32_t rank;
  uint32_t left;    // position
  uint32_t right;   // position
  int32_t left_id;  // as they were: others may have joined them meanwhile
  int32_t right_id;
  int32_t joined;

  bool operator>(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : left > other.left;
  }
};

class Joiner {
 public:
  Joiner(const PairRules& rules, std::vector<int32_t>& ids)
      : rules_(rules), ids_(ids), next_(ids.size()), previous_(ids.size()) {
    const auto size = static_cast<uint32_t>(ids.size());
    for (uint32_t i = 0; i < size; ++i) {
      next_[i] = i + 1;
      previous_[i] = i == 0 ? size : i - 1;
    }
    for (uint32_t i = 0; i + 1 < size; ++i) Propose(i, i + 1);
  }

  void Run() {
    const auto size = static_cast<uint32_t>(ids_.size());
    while (!queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      if (ids_[best.left] != best.left_id || ids_[best.right] != best.right_id ||
          next_[best.left] != best.right) {
        continue;
      }
      ids_[best.left] = best.joined;
      ids_[best.right] = kGone;
      next_[best.left] = next_[best.right];
      if (next_[best.left] < size) {
        previous_[next_[best.left]] = best.left;
        Propose(best.left, next_[best.left]);
      }
      if (previous_[best.left] < size) Propose(previous_[best.left], best.left);
    }
    std::erase(ids_, kGone);
  }

 private:
  void Propose(uint32_t left, uint32_t right) {
    const auto rule = rules_.find(PairKey(ids_[left], ids_[right]));
    if (rule == rules_.end()) return;
    queue_.push({rule->second.rank, left, right, ids_[left], ids_[right], rule->second.joined});
  }

  const PairRules& rules_;
  std::vector<int32_t>& ids_;
  std::vector<uint32_t> next_;  // positions; the size stands for none
  std::vector<uint32_t> previous_;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue_;
};

}  // namespace

void JoinPairs(const PairRules& rules, std::vector<int32_t>& ids) {
  if (ids.size() > 1) Joiner(rules, ids).Run();
}

}  // namespace parley::cosyvoice2
