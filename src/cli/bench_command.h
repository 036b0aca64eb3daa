// parley bench: measures what a person feels, with real processes and models, into a report.
#pragma once

#include "cli/command.h"

namespace parley::cli {

void AddBenchCommand(CLI::App& app, Context& context);

}  // namespace parley::cli
