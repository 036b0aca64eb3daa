// `parley workers`: who works, and what at; and the end of one without cutting anybody off.
// `parley worker check`: holds a worker to the contract.
#pragma once

#include "cli/command.h"

namespace parley::cli {

void AddWorkersCommand(CLI::App& app, Context& context);
void AddWorkerCommand(CLI::App& app, Context& context);

}  // namespace parley::cli
