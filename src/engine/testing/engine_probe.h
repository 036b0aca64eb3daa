// A worker's view of one engine that can be waited for, for tests: each Wait blocks until what it
// names has happened, or gives nothing after a deadline.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/process.h"

namespace parley::engine {

inline constexpr int64_t kProbeWaitMs = 60'000;

// One stream and all that it has given so far.
class ProbeStream {
 public:
  uint32_t id() const { return id_.load(); }
  std::vector<StreamEvent> events() const;
  // All events up to Idle.
  std::optional<std::vector<StreamEvent>> WaitIdle(int64_t wait_ms = kProbeWaitMs) const;
  // Until so many samples have come.
  bool WaitSamples(int64_t samples, int64_t wait_ms = kProbeWaitMs) const;

 private:
  friend class EngineProbe;
  void Take(StreamEvent event);

  std::atomic<uint32_t> id_{0};  // 0 until Start has returned
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<StreamEvent> events_;
  int64_t samples_ = 0;
};

class EngineProbe {
 public:
  static Result<std::unique_ptr<EngineProbe>> Spawn(EngineSpec spec);

  EngineProcess& process() { return *process_; }

  Result<Loaded> Load(engine::Load load = {}, int64_t wait_ms = kProbeWaitMs);
  std::vector<Loading> loading() const;
  // With `grant_back`, audio that comes is granted again at once.
  Result<std::shared_ptr<ProbeStream>> Start(engine::Start start, bool grant_back = true);
  std::optional<Exit> WaitExit(int64_t wait_ms = kProbeWaitMs) const;

 private:
  EngineProbe() = default;
  EngineProcess::Events MakeEvents();

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<Loading> loading_;
  std::optional<Result<Loaded>> loaded_;
  std::optional<Exit> exit_;

  std::unique_ptr<EngineProcess> process_;  // its threads touch all of the above
};

std::vector<float> AudioOf(const std::vector<StreamEvent>& events);
template <class T>
std::vector<T> AllOf(const std::vector<StreamEvent>& events) {
  std::vector<T> all;
  for (const StreamEvent& event : events) {
    if (const T* held = std::get_if<T>(&event)) all.push_back(*held);
  }
  return all;
}

}  // namespace parley::engine
