// The cancellation of one stream, as the model's code sees it: a flag to look at between steps, and
// hooks for libraries that are told to stop from outside. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace parley::engine {

class CancelFlag {
 public:
  // Keeps a hook in place for as long as it lives. Its end waits for a hook that is running.
  class Hook {
   public:
    Hook() = default;
    Hook(Hook&& other) noexcept;
    Hook& operator=(Hook&& other) noexcept;
    ~Hook();

   private:
    friend class CancelFlag;
    Hook(CancelFlag* flag, uint64_t id) : flag_(flag), id_(id) {}
    CancelFlag* flag_ = nullptr;
    uint64_t id_ = 0;
  };

  CancelFlag() = default;
  CancelFlag(const CancelFlag&) = delete;
  CancelFlag& operator=(const CancelFlag&) = delete;

  // One atomic load: cheap enough for every decode step or graph node.
  bool IsSet() const noexcept { return set_.load(std::memory_order_acquire); }

  // `run` is called once, on the thread that cancels, or at once if that has happened already. It
  // must be quick and must not add or drop hooks.
  [[nodiscard]] Hook Add(std::function<void()> run);

  // Sets the flag and runs the hooks. Further calls do nothing.
  void Set();

 private:
  void Remove(uint64_t id);

  std::atomic<bool> set_{false};
  std::mutex mutex_;
  std::map<uint64_t, std::function<void()>> hooks_;
  uint64_t next_id_ = 1;
};

}  // namespace parley::engine
