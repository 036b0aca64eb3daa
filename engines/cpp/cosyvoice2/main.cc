// parley-engine-cosyvoice2: the voice process of CosyVoice 2, and its commands
// (cosyvoice2/commands.h).
#include <fmt/format.h>

#include <cstdio>

#include "cosyvoice2/commands.h"
#include "cosyvoice2/engine.h"
#include "engine/sdk.h"
#include "ggml/runtime.h"

int main(int argc, char** argv) {
  if (const parley::Status cpu = parley::ggml::CheckCpu(); !cpu) {
    fmt::print(stderr, "parley-engine-cosyvoice2: {}\n", cpu.error().message);
    return 1;
  }
  if (const auto exit_code = parley::cosyvoice2::RunCommand(argc, argv)) return *exit_code;
  parley::engine::EngineInfo info = parley::cosyvoice2::Info();
  info.help += parley::cosyvoice2::CommandsHelp();
  parley::cosyvoice2::Engine engine;
  return parley::engine::RunEngine(argc, argv, info, engine);
}
