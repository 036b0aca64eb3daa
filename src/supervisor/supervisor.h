// `parley up`: runs a gateway and a worker on this machine as one thing. Starts both as children
// with a private Unix socket between them, starts again what dies (0.1 s → 5 s), says where to talk
// once everything is warm, and ends with them: no child outlives it, not even after kill -9.
//
//   starting ──/readyz 200──► ready ──child dies──► mending ──/readyz 200──► ready
//      └─ a child ends with "do not restart", or never lives ─► failed
//
// What a child learns, it learns from its environment (PARLEY_…, as config/binder.h names the
// settings), so nothing secret stands in a process list:
//   worker.listen         unix:PATH to serve on
//   gateway.worker        the same, to connect to
//   gateway.port          0 until a port is known, then that one, so that a restart keeps it
//   gateway.address_file  where it writes its base URL once it listens
// and all that was given on the command line, and PARLEY_CONFIG for the file.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/binder.h"

namespace parley::supervisor {

// A child that ends with this status was configured wrongly (or its port is taken): starting it
// again would change nothing.
inline constexpr int kDoNotRestart = 2;

struct Config {
  std::filesystem::path programs_dir;      // of parley-gateway and parley-worker
  std::filesystem::path endpoint_file;     // gets the base URL once all is warm; empty: none
  std::filesystem::path log_file;          // of both; empty: stderr
  std::map<std::string, std::string> env;  // PARLEY_… for both, on top of this process's own
  int restart_first_ms = 100;
  int restart_last_ms = 5'000;
  int stop_timeout_ms = 5'000;  // between SIGTERM and SIGKILL
};

// Says something to the person; once with the address, later only of trouble.
using Announce = std::function<void(std::string_view line)>;

// Blocks until SIGINT or SIGTERM, then stops the children and returns. An error when Parley cannot
// be started: its message carries the last lines of the child's log. To be called on the main
// thread, where the children's lives are tied to it.
Status Supervise(const Config& config, const Announce& announce);

}  // namespace parley::supervisor
