#include "worker/engines.h"

#include <unistd.h>

#include <charconv>
#include <sstream>
#include <utility>

namespace parley::worker {
namespace {

namespace fs = std::filesystem;

engine::OptionValue OptionFrom(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  const char* const end = text.data() + text.size();
  int64_t integer = 0;
  if (const auto [at, error] = std::from_chars(text.data(), end, integer);
      error == std::errc() && at == end) {
    return integer;
  }
  double number = 0;
  if (const auto [at, error] = std::from_chars(text.data(), end, number);
      error == std::errc() && at == end) {
    return number;
  }
  return text;
}

std::vector<std::string> SplitCommand(const std::string& command) {
  std::istringstream words(command);
  std::vector<std::string> parts;
  for (std::string word; words >> word;) parts.push_back(word);
  return parts;
}

}  // namespace

Result<ports::ModelKind> KindOf(const catalog::Pack& pack) {
  if (pack.kind == "tts") return ports::ModelKind::kTts;
  if (pack.kind == "asr") return ports::ModelKind::kAsr;
  if (pack.kind == "llm") return ports::ModelKind::kLlm;
  return Fail(Code::kInvalidArgument,
              "model '" + pack.id + "' is of kind '" + pack.kind + "', which no engine serves");
}

Result<engine::EngineSpec> SpecFor(const catalog::Pack& pack, const EnginesConfig& config) {
  engine::EngineSpec spec;
  spec.name = pack.engine;
  PARLEY_TRY(spec.kind, KindOf(pack));
  spec.sandbox.on = config.sandbox;
  if (const auto socket = config.sockets.find(pack.engine); socket != config.sockets.end()) {
    spec.socket_path = socket->second;
    return spec;
  }
  if (const auto command = config.commands.find(pack.engine); command != config.commands.end()) {
    spec.command = SplitCommand(command->second);
    if (spec.command.empty()) {
      return Fail(Code::kInvalidArgument, "the command of engine '" + pack.engine + "' is empty");
    }
    return spec;
  }
  const fs::path folder = config.dir.empty() ? ProgramFolder() : config.dir;
  const fs::path program = folder / ("parley-engine-" + pack.engine);
  if (::access(program.c_str(), X_OK) != 0) {
    return Fail(Code::kNotFound, "engine '" + pack.engine + "' of model '" + pack.id +
                                     "' is not here: no program " + program.string() +
                                     "; set worker.engine_commands for one elsewhere");
  }
  spec.command = {program.string()};
  return spec;
}

engine::Load LoadFor(const catalog::Pack& pack, const std::string& device) {
  engine::Load load{.pack = pack.folder.string(), .device = device};
  for (const auto& [key, value] : pack.options) load.options[key] = OptionFrom(value);
  return load;
}

fs::path ProgramFolder() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path(".") : self.parent_path();
}

}  // namespace parley::worker
