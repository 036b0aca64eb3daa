#include "worker/engines.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "worker/python.h"

namespace parley::worker {
namespace {

namespace fs = std::filesystem;

fs::path ProgramsDir(const EnginesConfig& config) {
  return config.programs_dir.empty() ? ProgramFolder() : config.programs_dir;
}

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

constexpr const char* kProfileDir = "profile_dir";
constexpr std::array<const char*, 4> kOwnOptions{"style_control", "default_style", "fp16",
                                                 kProfileDir};

bool Takes(const catalog::EngineManifest& engine, const std::string& name) {
  return std::find(engine.takes.begin(), engine.takes.end(), name) != engine.takes.end();
}

Status CheckTakes(const catalog::EngineManifest& engine) {
  for (const std::string& name : engine.takes) {
    if (std::find(kOwnOptions.begin(), kOwnOptions.end(), name) != kOwnOptions.end()) continue;
    std::string known;
    for (const char* own : kOwnOptions) known.append(known.empty() ? "" : ", ").append(own);
    return Fail(Code::kInvalidArgument, "engine '" + engine.name + "' takes '" + name +
                                            "', which no setting is; there are " + known);
  }
  return {};
}

// Our settings, as options of engines that take them.
std::map<std::string, engine::OptionValue> OwnOptions(const EnginesConfig& config) {
  std::map<std::string, engine::OptionValue> options{{"style_control", config.style_control},
                                                     {"fp16", config.fp16}};
  if (!config.default_style.empty()) options["default_style"] = config.default_style;
  if (config.profiling) options[kProfileDir] = config.profile_dir.string();
  return options;
}

Result<ports::ModelKind> KindOf(const std::string& kind, const std::string& whose) {
  if (kind == "tts") return ports::ModelKind::kTts;
  if (kind == "asr") return ports::ModelKind::kAsr;
  if (kind == "llm") return ports::ModelKind::kLlm;
  return Fail(Code::kInvalidArgument, whose + " is of kind '" + kind + "', which no engine serves");
}

// A name is that of a file in the engine's folder, else of a program of ours.
Result<fs::path> ProgramOf(const catalog::EngineManifest& engine, const EnginesConfig& config) {
  const fs::path own = (engine.folder / engine.program).lexically_normal();
  std::error_code error;
  if (engine.python || engine.program.find('/') != std::string::npos || fs::exists(own, error)) {
    if (fs::exists(own, error)) return own;
    return Fail(Code::kNotFound, "engine '" + engine.name + "' is not whole: there is no " +
                                     own.string() + ", which its engine.toml names");
  }
  const fs::path ours = ProgramsDir(config) / engine.program;
  if (::access(ours.c_str(), X_OK) == 0) return ours;
  return Fail(Code::kNotFound, "engine '" + engine.name + "' is not here: no program " +
                                   ours.string() + " or " + own.string());
}

}  // namespace

Result<ports::ModelKind> KindOf(const catalog::Pack& pack) {
  return KindOf(pack.kind, "model '" + pack.id + "'");
}

void BindConfig(config::Binder& binder, EnginesConfig& config) {
  binder.Field(
      "worker.programs_dir", &config.programs_dir,
      "Folder of the parley-engine-… programs and of engines/, which describes them; empty: "
      "beside this program.");
  binder.Field(
      "worker.engine_dirs", &config.dirs,
      "More folders of engines, each engine a folder with an engine.toml; they count before "
      "~/.cache/parley/engines and those that come with Parley.");
  binder.Field("worker.engine_sockets", &config.sockets,
               "Engines started elsewhere, by name: the Unix socket on which they are awaited.");
  binder.Field(
      "worker.sandbox", &config.sandbox,
      "Engines may write only to a folder of their own, /dev, and what their engine.toml names "
      "(Landlock, where the kernel has it).");
  binder
      .Field("worker.style_control", &config.style_control,
             "Voices follow what callers ask for by style and instructions; off: they speak in "
             "their default style alone.")
      .Also("ENABLE_EMOTION_CONTROL");
  binder
      .Field("worker.default_style", &config.default_style,
             "Style of those who ask for none, where the voice has styles; empty: its own manner.")
      .Also("DEFAULT_EMOTION");
  binder
      .Field("worker.fp16", &config.fp16,
             "Weights in half precision, where a model's own options name no other.")
      .Also("USE_FP16");
  binder
      .Field("worker.profiling", &config.profiling,
             "Engines that can write where their time goes, as traces for a browser's viewer.")
      .Also("ENABLE_PROFILING");
  binder.Field("worker.profile_dir", &config.profile_dir, "Where those traces go.");
  binder
      .Field("worker.health_check_interval_s", &config.health_check_interval_s, {1, 3'600},
             "How often engines are asked whether they live.")
      .Also("HEALTH_CHECK_INTERVAL");
  binder
      .Field("worker.health_check_timeout_s", &config.health_check_timeout_s, {1, 3'600},
             "An engine that does not answer for so long is ended.")
      .Also("HEALTH_CHECK_TIMEOUT");
  binder.Field("worker.engine_memory_mib", &config.memory_mib_max, {0, 1 << 30},
               "An engine that holds more memory is ended; 0: no limit. Its engine.toml may say "
               "another.");
}

std::vector<fs::path> EngineDirs(const EnginesConfig& config) {
  std::vector<fs::path> dirs(config.dirs.begin(), config.dirs.end());
  dirs.push_back(catalog::DefaultEnginesDir());
  dirs.push_back(ProgramsDir(config) / "engines");
  return dirs;
}

Result<engine::EngineSpec> SpecOf(const catalog::EngineManifest& engine,
                                  const EnginesConfig& config) {
  engine::EngineSpec spec;
  spec.name = engine.name;
  PARLEY_TRY(spec.kind, KindOf(engine.kind, "engine '" + engine.name + "'"));
  PARLEY_TRY_STATUS(CheckTakes(engine));
  spec.sandbox.on = config.sandbox;
  spec.deadlines.ping_interval_ms = int64_t{config.health_check_interval_s} * 1000;
  spec.deadlines.pong_ms = int64_t{config.health_check_timeout_s} * 1000;
  const uint64_t own_mib = engine.sandbox.memory_mib_max;
  const int64_t mib = own_mib > 0 ? static_cast<int64_t>(own_mib) : config.memory_mib_max;
  spec.limits.memory_bytes_max = mib << 20;
  for (const fs::path& path : engine.sandbox.writable) {
    spec.sandbox.writable.push_back(path.string());
  }
  if (config.profiling && Takes(engine, kProfileDir)) {
    std::error_code error;
    fs::create_directories(config.profile_dir, error);
    spec.sandbox.writable.push_back(config.profile_dir.string());
  }
  PARLEY_TRY(const fs::path program, ProgramOf(engine, config));
  if (engine.python) {
    PARLEY_TRY(const std::string python, FindPython(engine));
    spec.command.push_back(python);
  }
  spec.command.push_back(program.string());
  spec.command.insert(spec.command.end(), engine.arguments.begin(), engine.arguments.end());
  return spec;
}

Result<engine::EngineSpec> SpecFor(const catalog::EngineManifest& engine, const catalog::Pack& pack,
                                   const EnginesConfig& config) {
  PARLEY_TRY(engine::EngineSpec spec, SpecOf(engine, config));
  if (engine.kind == pack.kind) return spec;
  return Fail(Code::kInvalidArgument, "model '" + pack.id + "' is of kind '" + pack.kind +
                                          "', and its engine '" + engine.name + "' of kind '" +
                                          engine.kind + "'");
}

Result<engine::EngineSpec> SpecFor(const catalog::Pack& pack, const EnginesConfig& config) {
  if (const auto socket = config.sockets.find(pack.engine); socket != config.sockets.end()) {
    engine::EngineSpec spec{.name = pack.engine, .socket_path = socket->second};
    PARLEY_TRY(spec.kind, KindOf(pack));
    return spec;
  }
  std::vector<Error> problems;
  std::string known;
  for (const auto& engine : catalog::ListEngineManifests(EngineDirs(config), &problems)) {
    if (engine.name == pack.engine) return SpecFor(engine, pack, config);
    known += (known.empty() ? "" : ", ") + engine.name;
  }
  std::string message = "engine '" + pack.engine + "' of model '" + pack.id +
                        "' is not here; there are " + (known.empty() ? "none" : known);
  for (const Error& problem : problems) message += "; " + problem.message;
  return Fail(Code::kNotFound, std::move(message));
}

engine::Load LoadFor(const catalog::Pack& pack, const catalog::EngineManifest* manifest,
                     const EnginesConfig& config, const std::string& device) {
  engine::Load load{.pack = pack.folder.string(), .device = device};
  if (manifest != nullptr) {
    for (const auto& [name, value] : OwnOptions(config)) {
      if (Takes(*manifest, name)) load.options[name] = value;
    }
  }
  for (const auto& [key, value] : pack.options) load.options[key] = OptionFrom(value);
  return load;
}

engine::Load LoadFor(const catalog::Pack& pack, const EnginesConfig& config,
                     const std::string& device) {
  const auto engines = catalog::ListEngineManifests(EngineDirs(config));
  const auto found = std::find_if(engines.begin(), engines.end(),
                                  [&](const auto& engine) { return engine.name == pack.engine; });
  return LoadFor(pack, found == engines.end() ? nullptr : &*found, config, device);
}

fs::path ProgramFolder() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path(".") : self.parent_path();
}

}  // namespace parley::worker
