// A long-lived child: its own process group, its output into a file, killed when this process dies.
// One sequence, and one that lives as long as the child: PDEATHSIG follows the thread.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace parley::supervisor {

struct ChildCommand {
  std::filesystem::path program;
  std::vector<std::string> args;  // without the program's name
  std::vector<std::string> env;   // "NAME=value", all of it
  int output_fd = 2;              // for its stdout and stderr
};

// How a process ended.
struct Ending {
  int exit_status = 0;  // meaningless when a signal ended it
  int signal = 0;       // 0: it exited by itself
  // "exit status 2", "signal 9 (Killed)".
  std::string Words() const;
};

class ChildProcess {
 public:
  // kNotFound when there is no such program.
  static Result<ChildProcess> Start(const ChildCommand& command);
  ChildProcess(ChildProcess&&) = default;
  ChildProcess& operator=(ChildProcess&&) = default;
  // Kills and reaps what still lives.
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  // Readable once it has ended.
  int ended_fd() const { return pidfd_.get(); }
  // To the process alone; its own children are its own to stop.
  void Signal(int signal) const;
  // nullopt while it lives. Once it has ended, always the same.
  std::optional<Ending> Reap();

 private:
  ChildProcess(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_;
  UniqueFd pidfd_;
  std::optional<Ending> ending_;
};

}  // namespace parley::supervisor
