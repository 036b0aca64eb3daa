// The `parley` command as a function: apps/parley/main.cc is one call of it.
#pragma once

#include "cli/up_command.h"

namespace parley::cli {

// The exit code (cli/exit_code.h). Keys are wiped from `argv` once they are read, so that they do
// not stand in the process list.
int RunParley(int argc, char** argv, Up up);

}  // namespace parley::cli
