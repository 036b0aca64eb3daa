// parley completion bash | zsh | fish: the words of the command line, from the command line itself.
#pragma once

#include <string>

#include "cli/command.h"

namespace parley::cli {

enum class Shell { kBash, kZsh, kFish };

// A script that teaches the shell the commands and options of `app` and all below it.
std::string CompletionScript(const CLI::App& app, Shell shell);

void AddCompletionCommand(CLI::App& app, Context& context);

}  // namespace parley::cli
