// parley-engine-cosyvoice2: CosyVoice 2, and its commands (cosyvoice2/commands.h).
#include <fmt/format.h>

#include <cstdio>

#include "cosyvoice2/commands.h"

int main(int argc, char** argv) {
  if (const auto exit_code = parley::cosyvoice2::RunCommand(argc, argv)) return *exit_code;
  fmt::print(stderr, "{}", parley::cosyvoice2::CommandsHelp());
  return 2;
}
