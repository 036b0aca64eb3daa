// How an engine is to be started and watched: what the worker knows of it before it says hello.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/messages.h"

namespace parley::engine {

struct EngineSpec {
  std::string name;  // for logs and errors: "piper"
  ModelKind kind = ModelKind::kTts;

  // Program and arguments; a program without a slash is looked for in the worker's PATH. Empty with
  // a `socket_path`: somebody else starts the engine (a container of its own).
  std::vector<std::string> command;
  // Added to a clean environment: PATH, HOME and TMPDIR (a scratch folder of its own), LANG, what
  // names the GPUs, and nothing else of the worker's (no PYTHONPATH, no keys).
  std::map<std::string, std::string> env;
  std::string working_directory;  // empty: the scratch folder

  // Empty: the engine inherits its end of a socket pair (PARLEY_ENGINE_FD). Else the worker listens
  // on this path (mode 0600) and the engine connects (PARLEY_ENGINE_SOCKET).
  std::string socket_path;

  struct Limits {
    int open_files_max = 1024;
    int64_t core_bytes_max = 0;
    // Resident, over which the engine is ended; looked at as often as it is pinged. 0: no limit.
    int64_t memory_bytes_max = 0;
  } limits;

  // Landlock, where the kernel has it: the engine may read what it likes and write only to its
  // scratch folder, /dev, and these. Off: no file is forbidden beyond what its user may not.
  struct Sandbox {
    bool on = true;
    std::vector<std::string> writable;
  } sandbox;

  struct Deadlines {
    int64_t hello_ms = 20'000;  // start → hello: the interpreter is up, nothing heavy is loaded
    int64_t load_ms = 300'000;  // load → loaded
    int64_t ping_interval_ms = 5'000;
    int64_t pong_ms = 15'000;    // a ping unanswered so long: the process is stuck
    int64_t cancel_ms = 10'000;  // cancel → idle: the model is stuck
    int64_t bye_ms = 2'000;      // bye → SIGTERM
    int64_t term_ms = 2'000;     // SIGTERM → SIGKILL
  } deadlines;

  // kInvalidArgument, naming the field, for what cannot work.
  Status Validate() const;
};

}  // namespace parley::engine
