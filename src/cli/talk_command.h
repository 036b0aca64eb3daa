// parley talk: a conversation with a running server, by microphone and loudspeaker or from files.
#pragma once

#include "cli/command.h"

namespace parley::cli {

void AddTalkCommand(CLI::App& app, Context& context);

}  // namespace parley::cli
