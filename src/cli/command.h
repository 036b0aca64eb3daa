// How a command of `parley` is made: it adds itself to the command line, and its callback leaves
// the exit code in the context.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "cli/exit_code.h"
#include "cli/settings.h"

namespace CLI {
class App;
}

namespace parley::cli {

struct Context {
  ConfigOptions config;
  int exit_code = kDone;
};

// Prints the error as "parley: …" to stderr and gives its exit code.
int Complain(const Error& error);

// Adds --config and --set to a command.
void AddConfigOptions(CLI::App& command, Context& context);

// An option of its own for one setting: `--port N` is `--set gateway.port=N`.
void AddSettingOption(CLI::App& command, Context& context, const std::string& flag,
                      const std::string& key, const std::string& description);

// --url, and the configuration, for commands that talk to a server.
void AddClientOptions(CLI::App& command, Context& context);

// Runs `work` when the command is chosen; its Result becomes the exit code.
void SetWork(CLI::App& command, Context& context, std::function<Result<int>()> work);

// Adds the text as the command's footer under the head "Examples:".
void SetExamples(CLI::App& command, const std::string& examples);

}  // namespace parley::cli
