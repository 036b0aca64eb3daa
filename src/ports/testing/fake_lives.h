// What the fakes of all three ports share: their streams. The state of each is a `Life`, kept alive
// by whichever of fake and stream lives longer, with a `gate` (SinkGate), `cancelled` and `ended`.
// Events are made under the lock and delivered outside of it. Thread-safe.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "ports/stream.h"

namespace parley::ports::testing {

template <class Life>
struct FakeLives {
  mutable std::mutex mutex;                  // of all that follows, and of the lives themselves
  std::vector<std::shared_ptr<Life>> lives;  // that have not ended

  // `step(life, events)` makes the events that a life owes.
  template <class Event, class Step>
  void Advance(Step step) {
    std::vector<std::pair<std::shared_ptr<Life>, std::vector<Event>>> due;
    {
      const std::lock_guard lock(mutex);
      for (const auto& life : lives) {
        if (life->ended) continue;
        auto& events = due.emplace_back(life, std::vector<Event>()).second;
        step(*life, events);
        if (!events.empty()) life->ended = IsLast(events.back());
      }
      std::erase_if(lives, [](const auto& life) { return life->ended; });
    }
    for (auto& [life, events] : due) {
      for (Event& event : events) {
        const bool last = IsLast(event);
        life->gate.Deliver(std::move(event), last);
      }
    }
  }

  // All end, with this.
  template <class Failed>
  void FailAll(const Failed& failed) {
    std::vector<std::shared_ptr<Life>> hit;
    {
      const std::lock_guard lock(mutex);
      hit.swap(lives);
      for (const auto& life : hit) life->ended = true;
    }
    for (const auto& life : hit) life->gate.Deliver(failed, true);
  }

  int Living() const {
    const std::lock_guard lock(mutex);
    return static_cast<int>(
        std::count_if(lives.begin(), lives.end(), [](const auto& life) { return !life->ended; }));
  }
};

// A stream over one life, which it ends.
template <class Stream, class Shared, class Life>
class FakeStreamOf : public Stream {
 public:
  FakeStreamOf(std::shared_ptr<Shared> shared, std::shared_ptr<Life> life)
      : shared_(std::move(shared)), life_(std::move(life)) {}
  ~FakeStreamOf() override {
    {
      const std::lock_guard lock(shared_->mutex);
      life_->ended = true;
    }
    life_->gate.Close();
  }
  void Cancel() override {
    const std::lock_guard lock(shared_->mutex);
    life_->cancelled = true;
  }

 protected:
  const std::shared_ptr<Shared> shared_;
  const std::shared_ptr<Life> life_;
};

}  // namespace parley::ports::testing
