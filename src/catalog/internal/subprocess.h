// Runs a program to its end: no shell, a clean environment, its output line by line; killed with
// all its children when told so, and by itself when this process dies.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::catalog::internal {

struct Command {
  std::vector<std::string> args;  // args[0] is looked up in PATH
  std::vector<std::string> env;   // "NAME=value", all of it
  std::filesystem::path folder;   // to run in; empty: this one
  int64_t timeout_ms = 3'600'000;
};

struct Callbacks {
  std::function<void(std::string_view line)> on_line;  // stdout and stderr, at most 8 KiB a line
  std::function<bool()> on_tick;                       // every 200 ms; false ends the program
};

// kNotFound when there is no such program, kCancelled after on_tick said so, kDeadlineExceeded past
// the timeout, kUnknown with the last lines of output for any exit status but 0.
Status RunCommand(const Command& command, const Callbacks& callbacks);

// What package clients need and nothing else: PATH, HOME, locale, proxies, certificates and their
// own settings (PIP_*, npm_config_*, PYENV_*). `also` are further "NAME=value" entries.
std::vector<std::string> CleanEnvironment(std::vector<std::string> also);

}  // namespace parley::catalog::internal
