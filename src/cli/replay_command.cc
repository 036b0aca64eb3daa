#include "cli/replay_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <variant>

#include "base/file.h"
#include "turn/trace.h"

namespace parley::cli {
namespace {

constexpr size_t kTraceBytesMax = size_t{1} << 30;

struct ReplayOptions {
  std::string file;
  bool show = false;
  bool all = false;
};

// What sounds do not lead to anything is left out unless all is wanted.
bool IsQuiet(const turn::Event& event, std::span<const turn::Action> actions) {
  return actions.empty() && (std::holds_alternative<turn::VoiceActivity>(event.body) ||
                             std::holds_alternative<turn::Played>(event.body) ||
                             std::holds_alternative<turn::SpeechMark>(event.body));
}

Result<int> RunReplay(const ReplayOptions& options) {
  PARLEY_TRY(const std::string bytes, ReadFile(options.file, kTraceBytesMax));
  PARLEY_TRY(const turn::Trace trace, turn::ParseTrace(bytes));
  const int64_t from_us = trace.steps.empty() ? 0 : trace.steps.front().event.now_us;
  const auto show = [&](size_t step, const turn::Event& event,
                        std::span<const turn::Action> actions) {
    if (!options.show || (!options.all && IsQuiet(event, actions))) return;
    fmt::print("{:>10.3f} {:>7} {}\n", static_cast<double>(event.now_us - from_us) / 1e6, step,
               turn::Describe(event.body));
    for (const turn::Action& action : actions) {
      fmt::print("{:>20} {}\n", "→", turn::Describe(action));
    }
  };
  PARLEY_TRY(const turn::Replayed replayed, turn::Replay(trace, show));
  if (trace.cut) fmt::print(stderr, "the file ends within an event, which is left out\n");
  fmt::print("{} events: ", replayed.steps);
  if (replayed.same()) {
    fmt::print("the same actions, bit for bit\n");
  } else {
    fmt::print("the actions differ from the recorded ones from event {} on\n",
               replayed.first_difference);
  }
  if (!replayed.broken.empty()) {
    fmt::print("event {} breaks a promise: {}\n", replayed.broken_at, replayed.broken);
  }
  return replayed.same() && replayed.broken.empty() ? kDone : kFailed;
}

}  // namespace

void AddReplayCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App& command = *app.add_subcommand(
      "replay", "Run a recorded conversation again and compare what the core does");
  command
      .add_option("file", options->file, "A recording: of 'session.trace_dir', or of 'sim --keep'")
      ->required()
      ->type_name("FILE");
  command.add_flag("--show", options->show, "Print the events and what came of them");
  command.add_flag("--all", options->all, "With --show: also sound that led to nothing");
  SetExamples(command,
              "  parley replay session-7.parley-trace\n"
              "  parley replay --show seed-49.parley-trace | less\n");
  SetWork(command, context, [options] { return RunReplay(*options); });
}

}  // namespace parley::cli
