#include "cli/parley.h"

#include <signal.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/bench_command.h"
#include "cli/completion_command.h"
#include "cli/config_command.h"
#include "cli/doctor_command.h"
#include "cli/engine_command.h"
#include "cli/models_command.h"
#include "cli/replay_command.h"
#include "cli/sim_command.h"
#include "cli/speech_commands.h"
#include "cli/talk_command.h"
#include "cli/voice_command.h"
#include "cli/workers_command.h"

namespace parley::cli {
namespace {

void Wipe(char* text) { std::memset(text, '*', std::strlen(text)); }

// "--api-key K", "--api-key=K", and secrets given by --set.
void WipeSecrets(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    if (word == "--api-key" && i + 1 < argc) Wipe(argv[i + 1]);
    for (const std::string_view prefix :
         {"--api-key=", "gateway.key=", "gateway.worker_key=", "worker.key=", "llm.key=",
          "client.key=", "models.hub_token=", "redis.password=", "--set=gateway.key=",
          "--set=gateway.worker_key=", "--set=worker.key=", "--set=llm.key=", "--set=client.key=",
          "--set=models.hub_token=", "--set=redis.password="}) {
      if (word.starts_with(prefix)) Wipe(argv[i] + prefix.size());
    }
  }
}

}  // namespace

int RunParley(int argc, char** argv, Up up) {
  ::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Parley: a self-hosted server for spoken conversation", "parley");
  Context context;
  app.require_subcommand(1);
  app.set_version_flag("--version", PARLEY_VERSION);
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 3 what was named is "
      "not there,\n4 no server or source answers, 130 stopped by Ctrl-C.\n"
      "'parley COMMAND --help' has examples.");
  AddUpCommand(app, context, std::move(up));
  AddTalkCommand(app, context);
  AddSayCommand(app, context);
  AddTranscribeCommand(app, context);
  AddModelsCommand(app, context);
  AddVoiceCommand(app, context);
  AddEngineCommand(app, context);
  AddWorkersCommand(app, context);
  AddWorkerCommand(app, context);
  AddBenchCommand(app, context);
  AddSimCommand(app, context);
  AddReplayCommand(app, context);
  AddDoctorCommand(app, context);
  AddConfigCommand(app, context);
  AddCompletionCommand(app, context);
  std::vector<std::string> words(argv + 1, argv + argc);
  WipeSecrets(argc, argv);
  try {
    // The library takes them from the back.
    std::reverse(words.begin(), words.end());
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kWrongUsage;
  }
  return context.exit_code;
}

}  // namespace parley::cli
