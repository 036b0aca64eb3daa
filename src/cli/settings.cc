#include "cli/settings.h"

#include <cstdlib>

#include "cli/server_settings.h"
#include "config/loader.h"

namespace parley::cli {

Settings::Settings() : servers(std::make_shared<ServerSettings>()) {}

void BindSettings(config::Binder& binder, Settings& settings) {
  catalog::BindConfig(binder, settings.models);
  dialogue::BindConfig(binder, settings.llm);
  BindConfig(binder, settings.up);
  BindConfig(binder, settings.client);
  gateway::BindOwnSettings(binder, settings.servers->gateway);
  worker::BindConfig(binder, settings.servers->worker);
  registry::BindConfig(binder, settings.servers->redis);
}

Status LoadSettings(config::Binder& binder, const ConfigOptions& options) {
  config::Sources sources;
  sources.file = options.file.empty() ? config::FindFile()
                                      : std::optional<std::filesystem::path>(options.file);
  if (!options.env_file.empty()) sources.env_file = options.env_file;
  sources.env = config::ProcessEnvironment();
  sources.flags = options.flags;
  return config::Load(binder, sources);
}

Result<Settings> ReadSettings(const ConfigOptions& options) {
  Settings settings;
  config::Binder binder;
  BindSettings(binder, settings);
  PARLEY_TRY_STATUS(LoadSettings(binder, options));
  worker::AdoptCosyVoice(binder, settings.models.cosyvoice, settings.servers->worker);
  const char* hub = std::getenv("HF_ENDPOINT");
  if (settings.models.hub_endpoint.empty() && hub != nullptr) settings.models.hub_endpoint = hub;
  return settings;
}

std::filesystem::path ProgramFolder() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::current_path(error) : program.parent_path();
}

}  // namespace parley::cli
