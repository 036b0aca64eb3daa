#include "cli/bench_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "base/file.h"
#include "cli/bench/bench.h"

namespace parley::cli {
namespace {

struct BenchCommandOptions {
  std::string material;
  std::string out = "parley-bench";
  std::string commit;
  int questions = 24;
  bool json = false;
  bool scripted_only = false;
};

// A moving line on a terminal, elsewhere one line for each thing measured.
void ShowProgress(std::string_view what, int done, int of) {
  if (::isatty(STDERR_FILENO) == 0) {
    if (done == 0) fmt::print(stderr, "{}: {}\n", what, of);
    return;
  }
  std::fprintf(stderr, "\r\033[K%.*s %d/%d", static_cast<int>(what.size()), what.data(), done, of);
}

Result<int> Bench(const BenchCommandOptions& options) {
  bench::BenchConfig config{.program = ProgramFolder() / "parley",
                            .material = options.material,
                            .questions = options.questions,
                            .embedded_llm = !options.scripted_only,
                            .commit = options.commit};
  PARLEY_TRY(const bench::Report report, bench::RunBench(config, ShowProgress));
  if (::isatty(STDERR_FILENO) != 0) std::fputs("\r\033[K", stderr);
  PARLEY_TRY_STATUS(WriteFileAtomically(options.out + ".json", bench::ToJson(report)));
  PARLEY_TRY_STATUS(WriteFileAtomically(options.out + ".html", bench::ToHtml(report)));
  std::fputs(options.json ? bench::ToJson(report).c_str() : bench::ToText(report).c_str(), stdout);
  std::fprintf(stderr, "wrote %s.json and %s.html\n", options.out.c_str(), options.out.c_str());
  return kDone;
}

}  // namespace

void AddBenchCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<BenchCommandOptions>();
  CLI::App& command = *app.add_subcommand(
      "bench", "Measure what a person feels: how soon the answer comes, how soon silence");
  command
      .add_option("--material", options->material,
                  "Folder of spoken questions, as bench/make_material makes it")
      ->required()
      ->type_name("DIR");
  command.add_option("--out", options->out, "Write NAME.json and NAME.html")->type_name("NAME");
  command.add_option("--questions", options->questions, "At most so many")
      ->check(CLI::Range(2, 1000));
  command.add_option("--commit", options->commit, "What the report calls the code measured");
  command.add_flag("--json", options->json, "Print the report as JSON");
  command.add_flag("--scripted-only", options->scripted_only,
                   "Leave out the embedded language model");
  SetExamples(command,
              "  bench/make_material --out /tmp/questions\n"
              "  parley bench --material /tmp/questions --commit $(git rev-parse --short HEAD)\n");
  SetWork(command, context, [options] { return Bench(*options); });
}

}  // namespace parley::cli
