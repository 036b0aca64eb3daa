// What `parley-engine-cosyvoice2 COMMAND …` can do besides serving a worker.
#pragma once

#include <optional>
#include <string>

namespace parley::cosyvoice2 {

// Nothing if the first argument is no command; else the exit code: 0, 1 after a failure, 2 for
// wrong use. Results go to stdout, what went wrong to stderr.
std::optional<int> RunCommand(int argc, const char* const* argv);

// One line a command.
std::string CommandsHelp();

}  // namespace parley::cosyvoice2
