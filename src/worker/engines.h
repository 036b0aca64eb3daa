// Which program serves a voice pack, and what it is told to load.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/pack.h"
#include "engine/messages.h"
#include "engine/spec.h"
#include "ports/model_host.h"

namespace parley::worker {

struct EnginesConfig {
  // Where parley-engine-<name> lies; empty: beside this program.
  std::filesystem::path dir;
  // Other commands, by the engine's name: program and arguments, separated by spaces.
  std::map<std::string, std::string> commands;
  // Engines that somebody else starts (a container of its own): name → path of the Unix socket on
  // which the worker listens for them.
  std::map<std::string, std::string> sockets;
  bool sandbox = true;
};

// "tts" → kTts; kInvalidArgument for what no engine serves ("vad").
Result<ports::ModelKind> KindOf(const catalog::Pack& pack);

// kNotFound when there is no such program, saying where it was looked for.
Result<engine::EngineSpec> SpecFor(const catalog::Pack& pack, const EnginesConfig& config);

// The pack as a Load message: its options become booleans, numbers or texts by their look.
engine::Load LoadFor(const catalog::Pack& pack, const std::string& device);

// The folder of this program.
std::filesystem::path ProgramFolder();

}  // namespace parley::worker
