#include "cli/sim_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "cli/sim_report.h"
#include "sim/shrink.h"
#include "sim/simulate.h"

namespace parley::cli {
namespace {

struct SimOptions {
  double minutes = 3000;
  uint64_t seed = 1;
  bool json = false;
  std::string report;
  std::string keep;
};

sim::Scores Run(const char* what, const sim::World& world, uint64_t seed, double minutes) {
  const bool shows = ::isatty(STDERR_FILENO) != 0;
  const auto progress = [&](const sim::Scores& so_far) {
    if (shows && so_far.calls % 64 == 0) {
      std::fprintf(stderr, "\r\033[K%s: %.0f of %.0f call-minutes", what, so_far.minutes, minutes);
    }
    return true;
  };
  sim::Scores scores =
      sim::Simulate({.world = world, .first_seed = seed, .minutes = minutes}, progress);
  if (shows) std::fputs("\r\033[K", stderr);
  return scores;
}

// The recording of each call that broke a promise, as short as still breaks it.
Status KeepFailures(const std::filesystem::path& folder, const sim::World& world,
                    const sim::Scores& scores) {
  for (const sim::Failure& failure : scores.failures) {
    sim::Shrunk shrunk = sim::Shrink(sim::Record(world, failure.seed).trace);
    const auto path = folder / fmt::format("seed-{}.parley-trace", failure.seed);
    PARLEY_TRY_STATUS(WriteFileAtomically(path, turn::WriteTrace(shrunk.trace)));
    std::fprintf(stderr, "wrote %s: %zu events, %s\n", path.c_str(), shrunk.trace.steps.size(),
                 shrunk.broken.empty() ? failure.what.c_str() : shrunk.broken.c_str());
  }
  return {};
}

// A world of the standard mix, and its share of the minutes.
struct Part {
  const char* what;
  double share;
  sim::Scores SimOutcome::*scores;
  sim::World world = {};
};

std::vector<Part> Parts() {
  std::vector<Part> parts = {{"two cores", 0.4, &SimOutcome::two_cores},
                             {"without speculation", 0.2, &SimOutcome::reactive},
                             {"slower cores", 0.2, &SimOutcome::slow},
                             {"GPU", 0.2, &SimOutcome::gpu}};
  parts[1].world.speculation = false;
  parts[2].world.engines = sim::Engines::SlowCores();
  parts[3].world.engines = sim::Engines::Gpu();
  return parts;
}

Result<int> Sim(const SimOptions& options) {
  SimOutcome outcome{.first_seed = options.seed};
  const std::clock_t from = std::clock();
  const std::vector<Part> parts = Parts();
  for (const Part& part : parts) {
    outcome.*part.scores = Run(part.what, part.world, options.seed, options.minutes * part.share);
  }
  outcome.seconds = static_cast<double>(std::clock() - from) / CLOCKS_PER_SEC;
  for (const Part& part : parts) {
    if (options.keep.empty()) break;
    PARLEY_TRY_STATUS(KeepFailures(options.keep, part.world, outcome.*part.scores));
  }
  const bench::Report report = SimReport(outcome);
  if (!options.report.empty()) {
    PARLEY_TRY_STATUS(WriteFileAtomically(options.report, bench::ToHtml(report)));
  }
  std::fputs(options.json ? bench::ToJson(report).c_str() : bench::ToText(report).c_str(), stdout);
  return IsSound(outcome) ? kDone : kFailed;
}

}  // namespace

void AddSimCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<SimOptions>();
  CLI::App& command = *app.add_subcommand(
      "sim", "Simulate calls in virtual time: who has the floor, how soon, what is remembered");
  command.add_option("--minutes", options->minutes, "Of calls, in all")
      ->check(CLI::Range(1.0, 1e8))
      ->type_name("N");
  command.add_option("--seed", options->seed, "Of the first call; each next one has the next")
      ->type_name("S");
  command.add_flag("--json", options->json, "Print the report as JSON");
  command.add_option("--report", options->report, "Write the report as a page with plots")
      ->type_name("FILE.html");
  command
      .add_option("--keep", options->keep,
                  "Write a recording of each call that breaks a promise into this folder, made "
                  "short; 'parley replay' runs it")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory);
  SetExamples(command,
              "  parley sim\n"
              "  parley sim --minutes 100000 --report turns.html --keep .\n");
  SetWork(command, context, [options] { return Sim(*options); });
}

}  // namespace parley::cli
