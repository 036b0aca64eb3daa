#include "cli/up_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <utility>

#include "base/log.h"
#include "catalog/pack.h"
#include "cli/client_config.h"
#include "config/loader.h"

namespace parley::cli {
namespace {

// What is given on the command line reaches the children as variables, whichever of them it is for;
// the file by its name. The settings have been read, so every key is known.
std::map<std::string, std::string> ChildEnvironment(const ConfigOptions& options) {
  std::map<std::string, std::string> env;
  Settings settings;
  config::Binder binder;
  BindSettings(binder, settings);
  for (const auto& [key, text] : options.flags) env[binder.Find(key)->env] = text;
  const auto file = options.file.empty() ? config::FindFile()
                                         : std::optional<std::filesystem::path>(options.file);
  std::error_code error;
  if (file) env["PARLEY_CONFIG"] = std::filesystem::absolute(*file, error).string();
  return env;
}

Result<int> RunUp(const ConfigOptions& options, const Up& up) {
  PARLEY_TRY(const Settings settings, ReadSettings(options));
  PARLEY_TRY_STATUS(settings.llm.Validate());
  PARLEY_TRY_STATUS(log::Init("up", "info"));
  if (catalog::ListPacks(settings.models).empty()) {
    return Fail(Code::kNotFound, fmt::format("there are no models in {}; 'parley models pull' "
                                             "fetches the default ones",
                                             settings.models.dir.string()));
  }
  UpRequest request{.programs_dir = ProgramFolder(),
                    .endpoint_file = settings.up.endpoint_file,
                    .log_file = settings.up.log_file,
                    .env = ChildEnvironment(options)};
  const bool seen_by_a_person = ::isatty(STDERR_FILENO) == 1;
  if (request.log_file.empty() && seen_by_a_person) request.log_file = CacheFolder() / "up.log";
  PARLEY_TRY_STATUS(up(request));
  return kDone;
}

}  // namespace

void AddUpCommand(CLI::App& app, Context& context, Up up) {
  CLI::App& command = *app.add_subcommand("up", "Run everything on this machine and talk to it");
  AddSettingOption(command, context, "--port", "gateway.port", "Port; 0 takes a free one");
  AddSettingOption(command, context, "--endpoint-file", "up.endpoint_file",
                   "Gets the base URL once everything is warm");
  AddSettingOption(command, context, "--api-key", "gateway.key",
                   "Key that clients must show; better given by --api-key-file");
  AddSettingOption(command, context, "--api-key-file", "gateway.key_file",
                   "File whose first line is that key");
  AddSettingOption(command, context, "--llm-url", "llm.url",
                   "OpenAI-compatible endpoint that thinks, in place of the embedded model");
  AddSettingOption(command, context, "--llm-model", "llm.model", "Its model");
  AddSettingOption(command, context, "--llm-key-file", "llm.key_file",
                   "File whose first line is the endpoint's key");
  AddSettingOption(command, context, "--log-file", "up.log_file", "Where everything is logged");
  AddConfigOptions(command, context);
  SetExamples(command,
              "  parley up\n"
              "  parley up --port 0 --endpoint-file /tmp/endpoint\n"
              "  parley up --llm-url http://127.0.0.1:11434/v1 --llm-model llama3.2\n"
              "  parley up --set gateway.host=0.0.0.0 --api-key-file ~/parley.key\n");
  SetWork(command, context, [&context, up = std::move(up)] { return RunUp(context.config, up); });
}

}  // namespace parley::cli
