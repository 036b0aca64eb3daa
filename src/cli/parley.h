// The `parley` command as a function: apps/parley/main.cc is one call of it.
#pragma once

namespace parley::cli {

// The exit code (cli/exit_code.h).
int RunParley(int argc, char** argv);

}  // namespace parley::cli
