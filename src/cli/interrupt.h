// Ctrl-C and SIGTERM as a flag: the first asks the work to stop, the second ends the process.
#pragma once

#include <atomic>

namespace parley::cli {

// Installs the handlers at the first call. The flag lives as long as the process.
std::atomic<bool>& InterruptFlag();

}  // namespace parley::cli
