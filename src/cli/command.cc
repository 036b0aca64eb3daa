#include "cli/command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <cstdio>

namespace parley::cli {

int Complain(const Error& error) {
  if (error.code == Code::kCancelled) {
    fmt::print(stderr, "parley: stopped\n");
  } else {
    fmt::print(stderr, "parley: {}\n", error.message);
  }
  return ExitCodeOf(error);
}

void AddConfigOptions(CLI::App& command, Context& context) {
  command.add_option("--config", context.config.file,
                     "Configuration file; without it PARLEY_CONFIG, ./parley.toml, "
                     "~/.config/parley/parley.toml, /etc/parley/parley.toml");
  command
      .add_option_function<std::vector<std::string>>(
          "--set",
          [&context](const std::vector<std::string>& settings) {
            for (const std::string& setting : settings) {
              const size_t equals = setting.find('=');
              if (equals == std::string::npos) {
                throw CLI::ValidationError("--set", "must be KEY=VALUE: " + setting);
              }
              context.config.flags.emplace_back(setting.substr(0, equals),
                                                setting.substr(equals + 1));
            }
          },
          "A setting of the configuration, KEY=VALUE; may be given more than once")
      ->take_all();
}

void AddSettingOption(CLI::App& command, Context& context, const std::string& flag,
                      const std::string& key, const std::string& description) {
  command.add_option_function<std::string>(
      flag,
      [&context, key](const std::string& text) { context.config.flags.emplace_back(key, text); },
      description);
}

void AddClientOptions(CLI::App& command, Context& context) {
  AddSettingOption(command, context, "--url", "client.url",
                   "Base URL of the server; without it PARLEY_URL, else the one running here");
  AddConfigOptions(command, context);
}

void SetWork(CLI::App& command, Context& context, std::function<Result<int>()> work) {
  command.callback([&context, work = std::move(work)] {
    const Result<int> done = work();
    context.exit_code = done ? *done : Complain(done.error());
  });
}

void SetExamples(CLI::App& command, const std::string& examples) {
  command.footer("Examples:\n" + examples);
}

}  // namespace parley::cli
