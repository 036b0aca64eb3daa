// parley voice add | list | rm: voices of one's own, kept by the engine of a model, where its
// engine.toml names a voice_command (docs/engine-protocol.md).
#pragma once

#include "cli/command.h"

namespace parley::cli {

void AddVoiceCommand(CLI::App& app, Context& context);

}  // namespace parley::cli
