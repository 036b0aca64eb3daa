// Keeps the events that a stream's sink gets, and waits for them with a deadline.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace parley::rpc::testing {

// How long a test waits for what should come at once.
inline constexpr std::chrono::seconds kPatience{20};

template <class Event>
class Collector {
 public:
  std::function<void(Event)> Sink() {
    return [this](Event event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
      changed_.notify_all();
    };
  }

  // Waits until `condition(events)` holds; between looks, `pump` lets fakes work. False when out of
  // patience.
  bool WaitFor(
      const std::function<bool(const std::vector<Event>&)>& condition,
      const std::function<void()>& pump = [] {}) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      pump();
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, std::chrono::milliseconds(1), [&] { return condition(events_); });
      if (condition(events_)) return true;
    }
    return false;
  }

  std::vector<Event> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
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

}  // namespace parley::rpc::testing
