// Where a Step's actions, their texts and the armed deadlines live. Nothing is allocated while a
// Step's actions and texts fit what was reserved.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "turn/action.h"

namespace parley::turn {

class Output {
 public:
  Output() {
    actions_.reserve(64);
    arena_.reserve(kArenaBytes);
  }

  void Begin() {
    actions_.clear();
    arena_.clear();
    overflow_.clear();
  }
  std::span<const Action> actions() const { return actions_; }

  template <class T>
  void Do(T action) {
    actions_.emplace_back(std::move(action));
  }
  void Tell(DomainEvent event) { Do(Notify{event}); }

  // A copy that lives until the next Begin.
  std::string_view Keep(std::string_view text) {
    if (text.size() > arena_.capacity() - arena_.size()) return overflow_.emplace_back(text);
    const size_t at = arena_.size();
    arena_.append(text);
    return std::string_view(arena_).substr(at);
  }

  void Arm(DeadlineId id, int64_t at_us) {
    int64_t& armed_us = deadlines_us_[static_cast<size_t>(id)];
    if (armed_us == at_us) return;
    armed_us = at_us;
    Do(SetDeadline{id, at_us});
  }
  void Disarm(DeadlineId id) {
    if (deadline_us(id) == 0) return;
    deadlines_us_[static_cast<size_t>(id)] = 0;
    Do(ClearDeadline{id});
  }
  // True if it is due; it is then no longer armed. A late event of a moved deadline is not due.
  bool Due(DeadlineId id, int64_t now_us) {
    int64_t& armed_us = deadlines_us_[static_cast<size_t>(id)];
    if (armed_us == 0 || now_us < armed_us) return false;
    armed_us = 0;
    return true;
  }
  // 0: not armed.
  int64_t deadline_us(DeadlineId id) const { return deadlines_us_[static_cast<size_t>(id)]; }

 private:
  static constexpr size_t kArenaBytes = 16 * 1024;
  std::vector<Action> actions_;
  std::string arena_;
  std::deque<std::string> overflow_;
  std::array<int64_t, kDeadlineCount> deadlines_us_{};
};

}  // namespace parley::turn
