// `parley engine`: which engines are here, and whether they keep the engine protocol.
#pragma once

#include "cli/command.h"

namespace parley::cli {

void AddEngineCommand(CLI::App& app, Context& context);

}  // namespace parley::cli
