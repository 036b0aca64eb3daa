// parley models list | pull | import | rm | verify
#pragma once

#include "cli/command.h"

namespace parley::cli {

void AddModelsCommand(CLI::App& app, Context& context);

}  // namespace parley::cli
