// `parley replay`: a recorded conversation through the core again.
#pragma once

#include "cli/command.h"

namespace parley::cli {

void AddReplayCommand(CLI::App& app, Context& context);

}  // namespace parley::cli
