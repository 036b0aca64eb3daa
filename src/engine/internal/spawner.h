// Starts child processes. All of the worker's children come from one thread that lives as long as
// the worker, because PR_SET_PDEATHSIG follows the thread that forked, not the process.
//
// A child gets: its own process group, no_new_privs, resource limits, Landlock where asked for, a
// given environment, stdin from /dev/null, and of the worker's descriptors only those named.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/spec.h"

namespace parley::engine::internal {

struct SpawnRequest {
  std::vector<std::string> command;
  std::map<std::string, std::string> env;  // all of it
  std::string working_directory;
  UniqueFd socket;  // becomes descriptor 3; may be none
  EngineSpec::Limits limits;
  bool landlock = false;
  std::vector<std::string> writable;  // folders, under Landlock
};

struct Spawned {
  pid_t pid = -1;
  UniqueFd out;  // read ends
  UniqueFd err;
};

inline constexpr int kChildSocketFd = 3;

// Waits until the program runs or has failed to: kNotFound, kPermissionDenied, kInternal.
// Thread-safe.
Result<Spawned> SpawnChild(SpawnRequest request);

// The path of a program as the shell would find it; kNotFound names where it was looked for.
Result<std::string> FindProgram(const std::string& name);

// A ruleset that allows writing only below `writable` and /dev; no descriptor where the kernel has
// no Landlock.
Result<UniqueFd> MakeLandlock(const std::vector<std::string>& writable);
// Landlock's ABI version here; 0: none.
int LandlockAbi();

}  // namespace parley::engine::internal
