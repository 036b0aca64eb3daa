// parley up: everything on this machine. The work itself is the supervisor's, which this room does
// not see: whoever makes the program hands it in.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "cli/command.h"

namespace parley::cli {

struct UpRequest {
  std::filesystem::path programs_dir;
  std::filesystem::path endpoint_file;
  std::filesystem::path log_file;          // empty: stderr
  std::map<std::string, std::string> env;  // PARLEY_… for the children
};

// Blocks until it is told to stop.
using Up = std::function<Status(const UpRequest&)>;

void AddUpCommand(CLI::App& app, Context& context, Up up);

}  // namespace parley::cli
