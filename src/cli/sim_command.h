// `parley sim`: calls in virtual time, and what they score.
#pragma once

#include "cli/command.h"

namespace parley::cli {

void AddSimCommand(CLI::App& app, Context& context);

}  // namespace parley::cli
