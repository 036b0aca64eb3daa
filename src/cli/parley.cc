#include "cli/parley.h"

#include <signal.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/models_command.h"

namespace parley::cli {

int RunParley(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Parley: a self-hosted server for spoken conversation", "parley");
  Context context;
  app.require_subcommand(1);
  app.set_version_flag("--version", PARLEY_VERSION);
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 3 what was named is "
      "not there,\n4 no server answers, 130 stopped by Ctrl-C.\n"
      "'parley COMMAND --help' has examples.");
  AddModelsCommand(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kWrongUsage;
  }
  return context.exit_code;
}

}  // namespace parley::cli
