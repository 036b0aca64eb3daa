// parley-engine-whisper: a recognizer process, started by a worker (docs/engine-protocol.md), and
// the importer of CTranslate2 models.
#include <fmt/format.h>

#include <cstdio>

#include "engine/sdk.h"
#include "ggml/runtime.h"
#include "whisper/engine.h"
#include "whisper/import_command.h"

int main(int argc, char** argv) {
  if (const parley::Status cpu = parley::ggml::CheckCpu(); !cpu) {
    fmt::print(stderr, "parley-engine-whisper: {}\n", cpu.error().message);
    return 1;
  }
  if (const auto exit_code = parley::whisper::RunImportCommand(argc, argv)) return *exit_code;
  parley::whisper::Engine engine;
  return parley::engine::RunEngine(argc, argv, parley::whisper::Info(), engine);
}
