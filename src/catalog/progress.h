// What a pull tells while it works, and how it is told to stop.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace parley::catalog {

// Called from the thread that pulls.
class Progress {
 public:
  virtual ~Progress() = default;
  // A transfer or computation begins; 0 bytes: how much is not known.
  virtual void Begin(std::string_view what, uint64_t bytes_total) = 0;
  virtual void Advance(uint64_t bytes_done) = 0;
  // It ended, well or not.
  virtual void End() = 0;
  // One line for people.
  virtual void Say(std::string_view line) = 0;
};

// Handed down a pull. `cancelled` is set by another thread or a signal handler.
struct Work {
  Progress& progress;
  const std::atomic<bool>& cancelled;
};

}  // namespace parley::catalog
