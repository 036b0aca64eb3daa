// parley config: what is in force, what exists, and whether a file is right.
#pragma once

#include "cli/command.h"

namespace parley::cli {

void AddConfigCommand(CLI::App& app, Context& context);

// The text of docs/configuration.md, from the table of all settings.
std::string ConfigurationReference();

}  // namespace parley::cli
