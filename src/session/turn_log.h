// The newest turns of all sessions, for the console and the admin's list. Thread-safe, bounded: the
// oldest is forgotten.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace parley::session {

class TurnLog {
 public:
  explicit TurnLog(size_t kept = 500) : kept_(kept) {}

  // One turn's account as a JSON object (realtime::TurnJson with its session).
  void Add(std::string turn) {
    const std::lock_guard lock(mutex_);
    turns_.push_front(std::move(turn));
    if (turns_.size() > kept_) turns_.pop_back();
  }

  // Newest first.
  std::vector<std::string> Newest(size_t count) const {
    const std::lock_guard lock(mutex_);
    const size_t given = std::min(count, turns_.size());
    return {turns_.begin(), turns_.begin() + static_cast<ptrdiff_t>(given)};
  }

 private:
  const size_t kept_;
  mutable std::mutex mutex_;
  std::deque<std::string> turns_;
};

}  // namespace parley::session
