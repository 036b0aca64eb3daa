// Keeps the events that a stream's sink gets, and waits for them. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

namespace parley::rpc {

template <class Event>
class Heard {
 public:
  std::function<void(Event)> Sink() {
    return [this](Event event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
      changed_.notify_all();
    };
  }
  // Whether `holds` of all events so far comes true within `ms`.
  bool WaitFor(int64_t ms, const std::function<bool(const std::vector<Event>&)>& holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(ms), [&] { return holds(events_); });
  }
  bool WaitForEnd(int64_t ms) {
    return WaitFor(ms, [](const auto& events) { return !events.empty() && IsLast(events.back()); });
  }
  std::vector<Event> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  // Those of one kind.
  template <class T>
  std::vector<T> Of() const {
    const std::lock_guard lock(mutex_);
    std::vector<T> found;
    for (const Event& event : events_) {
      if (const auto* one = std::get_if<T>(&event)) found.push_back(*one);
    }
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> events_;
};

}  // namespace parley::rpc
