// parley-engine-llama: a language model process, started by a worker (docs/engine-protocol.md).
#include <fmt/format.h>

#include <cstdio>

#include "engine/sdk.h"
#include "ggml/runtime.h"
#include "llama/engine.h"

int main(int argc, char** argv) {
  if (const parley::Status cpu = parley::ggml::CheckCpu(); !cpu) {
    fmt::print(stderr, "parley-engine-llama: {}\n", cpu.error().message);
    return 1;
  }
  parley::llama::Engine engine;
  return parley::engine::RunEngine(argc, argv, parley::llama::Info(), engine);
}
