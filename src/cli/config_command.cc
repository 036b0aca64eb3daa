#include "cli/config_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <memory>

#include "config/binder.h"
#include "config/loader.h"
#include "config/reference.h"

namespace parley::cli {
namespace {

enum class What { kEffective, kReference, kCheck };

Result<int> Config(const ConfigOptions& options, What what) {
  if (what == What::kReference) {
    fmt::print("{}", ConfigurationReference());
    return kDone;
  }
  Settings settings;
  config::Binder binder;
  BindSettings(binder, settings);
  PARLEY_TRY_STATUS(LoadSettings(binder, options));
  PARLEY_TRY_STATUS(settings.llm.Validate());
  if (what == What::kEffective) {
    fmt::print("{}", config::EffectiveToml(binder));
    return kDone;
  }
  const auto file = options.file.empty() ? config::FindFile()
                                         : std::optional<std::filesystem::path>(options.file);
  fmt::print("The configuration is good{}{}\n", file ? ": " : " (no file)",
             file ? file->string() : "");
  return kDone;
}

}  // namespace

std::string ConfigurationReference() {
  Settings settings;
  config::Binder binder;
  BindSettings(binder, settings);
  return "# Configuration\n\n"
         "Made by `parley config --reference`. Every setting can be given, later ones winning, in "
         "a TOML file\n(`--config`, `PARLEY_CONFIG`, `./parley.toml`, "
         "`~/.config/parley/parley.toml`, `/etc/parley/parley.toml`), as\nan environment variable, "
         "or on the command line as `--set KEY=VALUE`. Unknown keys and values out of\nrange are "
         "errors that name their place; `parley config --check` looks for them, `parley config` "
         "prints\nwhat is in force. Secrets come from a file of their own, the environment or the "
         "command line.\n" +
         config::ReferenceMarkdown(binder);
}

void AddConfigCommand(CLI::App& app, Context& context) {
  CLI::App& command = *app.add_subcommand("config", "Print or check the configuration");
  auto reference = std::make_shared<bool>(false);
  auto check = std::make_shared<bool>(false);
  command.add_flag("--reference", *reference, "Every setting there is, as Markdown");
  command.add_flag("--check,--check-config", *check, "Only say whether it is good");
  AddConfigOptions(command, context);
  SetExamples(command,
              "  parley config                        what is in force, and where it came from\n"
              "  parley config --check --config parley.toml\n");
  SetWork(command, context, [&context, reference, check] {
    const What what = *check ? What::kCheck : *reference ? What::kReference : What::kEffective;
    return Config(context.config, what);
  });
}

}  // namespace parley::cli
