// What the `parley` command itself is configured by, and how its flags and files are read.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "catalog/models_config.h"
#include "cli/client_config.h"
#include "config/binder.h"
#include "dialogue/llm_config.h"

namespace parley::cli {

struct ServerSettings;  // cli/server_settings.h

struct Settings {
  Settings();

  catalog::ModelsConfig models;
  dialogue::LlmConfig llm;
  UpConfig up;
  ClientConfig client;
  // The gateway's and the worker's own, which those programs read again when they start.
  std::shared_ptr<ServerSettings> servers;
};

// Binds all settings that any of our programs knows, so that one file serves them all.
void BindSettings(config::Binder& binder, Settings& settings);

// Options common to all commands that read the configuration.
struct ConfigOptions {
  std::string file;                                        // --config; empty: looked for
  std::string env_file;                                    // --env-file; empty: none
  std::vector<std::pair<std::string, std::string>> flags;  // --set KEY=VALUE and aliases
};

// Fills the structs that `binder` holds, from the file, the environment and the flags.
Status LoadSettings(config::Binder& binder, const ConfigOptions& options);

// Both steps; what most commands want.
Result<Settings> ReadSettings(const ConfigOptions& options);

// The folder of this program, where the other programs and engines lie.
std::filesystem::path ProgramFolder();

}  // namespace parley::cli
