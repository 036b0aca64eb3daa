// Keeps the events that a stream's sink gets, and waits for them while fakes work.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "rpc/internal/heard.h"

namespace parley::rpc::testing {

// How long a test waits for what should come at once.
inline constexpr std::chrono::seconds kPatience{20};

template <class Event>
class Collector : public Heard<Event> {
 public:
  // Waits until `condition(events)` holds; between looks, `pump` lets fakes work. False when out of
  // patience.
  bool WaitFor(
      const std::function<bool(const std::vector<Event>&)>& condition,
      const std::function<void()>& pump = [] {}) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      pump();
      if (Heard<Event>::WaitFor(1, condition)) return true;
    }
    return false;
  }
};

}  // namespace parley::rpc::testing
