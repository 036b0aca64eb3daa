// The operating system's side of one engine: its process, what it prints, its scratch folder. One
// sequence (the keeper's), but for Signal and ResidentBytes, which are thread-safe.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/internal/output_log.h"
#include "engine/spec.h"

namespace parley::engine::internal {

// How a process ended.
struct ExitStatus {
  int exit_code = -1;  // −1: it was killed
  int signal = 0;

  std::string Describe() const;  // "ended with code 3", "was killed by signal 9 (Killed)"
};

class Child {
 public:
  // Starts the spec's command with `socket` (may be none) as its end of the connection.
  static Result<std::unique_ptr<Child>> Start(const EngineSpec& spec, UniqueFd socket,
                                              OutputLog& log);
  // Kills what still runs, reaps it and removes the scratch folder.
  ~Child();

  pid_t pid() const { return pid_; }

  // Descriptors to poll for input; −1 once an output has ended.
  std::array<int, 2> outputs() const { return {out_.get(), err_.get()}; }
  // Reads what is there and logs it.
  void Drain();

  // To the whole process group. Nothing happens once it is reaped.
  void Signal(int number);
  // Takes leave of the process if it has ended; what is left of its group is killed.
  std::optional<ExitStatus> TryReap();
  int64_t ResidentBytes() const;

 private:
  Child(OutputLog& log, std::string scratch)
      : scratch_(std::move(scratch)), lines_{LineSplitter(log), LineSplitter(log)} {}

  const std::string scratch_;
  pid_t pid_ = -1;
  UniqueFd out_;
  UniqueFd err_;
  std::array<LineSplitter, 2> lines_;
  mutable std::mutex mutex_;  // guards pid_ against being signalled once reaped
  bool reaped_ = false;
};

}  // namespace parley::engine::internal
