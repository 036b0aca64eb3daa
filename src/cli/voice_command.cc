#include "cli/voice_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/log.h"
#include "catalog/engine_manifest.h"
#include "catalog/pack.h"
#include "cli/server_settings.h"
#include "worker/engines.h"

namespace parley::cli {
namespace {

namespace fs = std::filesystem;

// The engine of a model that keeps voices.
struct Keeper {
  catalog::Pack pack;
  std::vector<std::string> command;  // that keeps them
};

// All models whose engine keeps voices, by id.
Result<std::vector<Keeper>> FindKeepers(const Settings& settings) {
  const worker::EnginesConfig& config = settings.servers->worker.engines;
  const auto engines = catalog::ListEngineManifests(worker::EngineDirs(config));
  std::vector<Keeper> keepers;
  for (catalog::Pack& pack : catalog::ListPacks(settings.models)) {
    const auto engine = std::find_if(engines.begin(), engines.end(), [&](const auto& one) {
      return one.name == pack.engine && !one.voice_command.empty();
    });
    if (engine == engines.end()) continue;
    PARLEY_TRY(engine::EngineSpec spec, worker::SpecFor(*engine, pack, config));
    spec.command.push_back(engine->voice_command);
    keepers.push_back({std::move(pack), std::move(spec.command)});
  }
  return keepers;
}

// `model` is a name; empty: the only one that there is.
Result<Keeper> FindKeeper(const Settings& settings, const std::string& model) {
  PARLEY_TRY(auto keepers, FindKeepers(settings));
  if (model.empty() && keepers.size() == 1) return std::move(keepers[0]);
  std::vector<std::string> ids;
  for (Keeper& keeper : keepers) {
    if (!model.empty() && keeper.pack.id == model) return std::move(keeper);
    ids.push_back(keeper.pack.id);
  }
  if (ids.empty()) {
    return Fail(Code::kNotFound,
                fmt::format("no model in {} has voices that can be added or removed; "
                            "'parley models list' shows what there is",
                            settings.models.dir.string()));
  }
  const std::string known = fmt::format("{}", fmt::join(ids, ", "));
  if (model.empty()) {
    return Fail(Code::kInvalidArgument, "say by --model which model's voices are meant: " + known);
  }
  return Fail(Code::kNotFound,
              fmt::format("no model '{}' whose voices can be added or removed; there are {}", model,
                          known));
}

// To its end, with our own input and output; its exit status is ours.
Result<int> RunProgram(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::fflush(stdout);
  pid_t pid = 0;
  if (const int error = ::posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), ::environ);
      error != 0) {
    return Fail(Code::kNotFound,
                fmt::format("cannot start {}: {}", command[0], std::strerror(error)));
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  if (WTERMSIG(status) == SIGINT) return kInterrupted;
  return Fail(Code::kInternal,
              fmt::format("{} was ended by signal {}", command[0], WTERMSIG(status)));
}

Result<int> Run(const ConfigOptions& options, const std::string& model,
                std::vector<std::string> words) {
  PARLEY_TRY(const Settings settings, ReadSettings(options));
  PARLEY_TRY_STATUS(log::Init("parley", "off"));
  PARLEY_TRY(Keeper keeper, FindKeeper(settings, model));
  words.insert(words.end(), {"--model", keeper.pack.folder.string()});
  keeper.command.insert(keeper.command.end(), words.begin(), words.end());
  return RunProgram(keeper.command);
}

struct VoiceOptions {
  std::string model;
  std::string name;
  std::string audio;
  std::string text;
  bool flag = false;  // of the command's own
};

std::shared_ptr<VoiceOptions> AddOptions(CLI::App& command) {
  auto options = std::make_shared<VoiceOptions>();
  command.add_option("--model", options->model,
                     "Whose voices are meant; without it the only model that there is");
  return options;
}

void AddAdd(CLI::App& voice, Context& context) {
  CLI::App& add = *voice.add_subcommand(
      "add", "Make a voice from a recording of 1 to 30 s of one person, best 3 to 10 s");
  auto options = AddOptions(add);
  add.add_option("NAME", options->name, "What the voice is called from then on")->required();
  add.add_option("--audio", options->audio, "The recording: WAV, FLAC, Ogg or MP3, 16 kHz or more")
      ->required();
  add.add_option("--text", options->text,
                 "What it says, word for word; without it the voice speaks, but does not go on in "
                 "the recording's manner");
  add.add_flag("--replace", options->flag, "Also when there is a voice of that name");
  SetWork(add, context, [&context, options] {
    std::vector<std::string> words = {"add", options->name, "--audio", options->audio};
    if (!options->text.empty()) words.insert(words.end(), {"--text", options->text});
    if (options->flag) words.emplace_back("--replace");
    return Run(context.config, options->model, std::move(words));
  });
}

}  // namespace

void AddVoiceCommand(CLI::App& app, Context& context) {
  CLI::App& voice = *app.add_subcommand("voice", "Add, list and remove voices of one's own");
  voice.require_subcommand(1);
  SetExamples(voice,
              "  parley voice add anna --audio anna.wav --text \"What Anna says in it.\"\n"
              "  parley voice list\n"
              "  parley say \"Hello.\" --voice cosyvoice2/0.5b#anna\n"
              "  parley voice rm anna\n");
  AddConfigOptions(voice, context);
  AddAdd(voice, context);

  CLI::App& list = *voice.add_subcommand("list", "The voices of a model, and their styles");
  auto listed = AddOptions(list);
  list.add_flag("--json", listed->flag, "As JSON");
  SetWork(list, context, [&context, listed] {
    std::vector<std::string> words = {"list"};
    if (listed->flag) words.emplace_back("--json");
    return Run(context.config, listed->model, std::move(words));
  });

  CLI::App& rm = *voice.add_subcommand("rm", "Remove a voice that was added");
  auto removed = AddOptions(rm);
  rm.add_option("NAME", removed->name, "As in the list")->required();
  SetWork(rm, context, [&context, removed] {
    return Run(context.config, removed->model, {"rm", removed->name});
  });
}

}  // namespace parley::cli
