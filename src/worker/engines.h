// Which engines there are, which program serves a model, and what it is told to load.
//
// What there is, the engine.toml files say (catalog/engine_manifest.h): those in the folders of the
// configuration, then the user's own, then those that lie beside our programs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/engine_manifest.h"
#include "catalog/pack.h"
#include "config/binder.h"
#include "engine/messages.h"
#include "engine/spec.h"
#include "ports/model_host.h"

namespace parley::worker {

struct EnginesConfig {
  // Where parley-engine-<name> lies, and a folder engines/ with their manifests; empty: beside this
  // program.
  std::filesystem::path programs_dir;
  // More folders of engines.
  std::vector<std::string> dirs;
  // Engines that somebody else starts (a container of its own): name → path of the Unix socket on
  // which the worker listens for them. They need no manifest here.
  std::map<std::string, std::string> sockets;
  bool sandbox = true;
  // What engines get as options if their manifests take them.
  bool style_control = true;  // off: what callers say of manner is not followed
  std::string default_style;  // of those who ask for none; empty: the voice's own manner
  bool fp16 = false;          // weights in half precision
  bool profiling = false;     // engines write where their time goes, in profile_dir
  std::filesystem::path profile_dir = catalog::DefaultModelsDir().parent_path() / "profiles";
  int health_check_interval_s = 5;  // how often engines are pinged
  int health_check_timeout_s = 15;  // a ping unanswered so long: the engine is ended
  // An engine that holds more memory is ended; 0: no limit. Its manifest may say another.
  int64_t memory_mib_max = 0;
};

void BindConfig(config::Binder& binder, EnginesConfig& config);

// Where engines are looked for, the first counting most.
std::vector<std::filesystem::path> EngineDirs(const EnginesConfig& config);

// "tts" → kTts; kInvalidArgument for what no engine serves ("vad").
Result<ports::ModelKind> KindOf(const catalog::Pack& pack);

// How an engine is started, without a model. kNotFound for a program, Python or environment that is
// not here, kFailedPrecondition for an environment of another Python; both say how to mend it.
Result<engine::EngineSpec> SpecOf(const catalog::EngineManifest& engine,
                                  const EnginesConfig& config);

// The same with a model, which it may read. kNotFound when no engine has the name, with those that
// there are; kInvalidArgument when it is of another kind than the model.
Result<engine::EngineSpec> SpecFor(const catalog::EngineManifest& engine, const catalog::Pack& pack,
                                   const EnginesConfig& config);
Result<engine::EngineSpec> SpecFor(const catalog::Pack& pack, const EnginesConfig& config);

// The pack as a Load message: its options become booleans, numbers or texts by their look; then
// come the settings that the engine takes. `manifest` may be null: an engine of which nothing is
// known.
engine::Load LoadFor(const catalog::Pack& pack, const catalog::EngineManifest* manifest,
                     const EnginesConfig& config, const std::string& device);
// By the manifest of the pack's engine.
engine::Load LoadFor(const catalog::Pack& pack, const EnginesConfig& config,
                     const std::string& device);

// The folder of this program.
std::filesystem::path ProgramFolder();

}  // namespace parley::worker
