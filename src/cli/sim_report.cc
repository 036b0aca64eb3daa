#include "cli/sim_report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

namespace parley::cli {
namespace {

using bench::Figure;
using bench::Report;
using bench::Series;
using sim::Scores;
using sim::Share;
using sim::Stages;

std::vector<double> Values(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

Figure Percent(std::string name, const Share& share, double target, bool at_least,
               std::string note) {
  return {.name = std::move(name),
          .unit = "%",
          .value = 100 * share.value(),
          .of = share.of,
          .target = target,
          .at_least = at_least,
          .note = std::move(note)};
}

Figure Count(std::string name, const char* unit, int64_t value, int64_t of, std::string note) {
  return {.name = std::move(name),
          .unit = unit,
          .value = static_cast<double>(value),
          .of = of,
          .target = 0,
          .note = std::move(note)};
}

// `where` says in which world, if not in the first.
void AddFloor(Report& report, const Scores& scores, const std::string& where, bool notes) {
  const auto percent = [&](const char* name, const Share& share, double target, bool at_least,
                           const char* note) {
    report.figures.push_back(
        Percent(name + where, share, target, at_least, notes ? note : std::string()));
  };
  percent("Takeover at pauses", scores.pause_takeover, 5, false,
          "Pauses of 200 to 1500 ms inside a turn in which agent speech of 1 s, of 4 words, or a "
          "whole reply was heard");
  report.figures.push_back({.name = "False starts at pauses" + where,
                            .unit = "%",
                            .value = 100 * scores.pause_false_start.value(),
                            .of = scores.pause_false_start.of,
                            .note = notes ? "… in which anything of the agent was heard" : ""});
  percent("Takeover at turn ends", scores.end_takeover, 99, true,
          "Ends of turns after which the agent spoke before the person did again; silent engines "
          "included");
  percent("Yielding to interruptions", scores.interruption, 98, true,
          "Interruptions after which the agent fell silent before its reply was over, at most 1 s "
          "after their last sample");
  percent("Takeover at backchannels", scores.backchannel, 2, false,
          "Those that cut a reply or were answered");
  percent("Takeover at coughs", scores.cough, 2, false, "The same");
}

// Over near networks without echo.
Series StopSeries(std::string name, const Scores& scores, bool pauses,
                  std::vector<bench::Target> targets, std::string note) {
  Series series{.name = std::move(name),
                .unit = "ms",
                .targets = std::move(targets),
                .note = std::move(note)};
  for (const sim::Stop& stop : scores.stops) {
    if (stop.pauses == pauses && stop.echo_free && stop.near) series.values.push_back(stop.ms);
  }
  return series;
}

void AddStops(Report& report, const SimOutcome& outcome) {
  const std::vector<bench::Target> target = {{.percentile = 95, .value_max = 450}};
  report.series.push_back(StopSeries(
      "Interruption to silence", outcome.two_cores, true, target,
      "Its first sample to the last audible sample of the reply; over clients that can pause what "
      "they play, on a near network, without echo; a word of the stop list alone included"));
  report.series.push_back(
      StopSeries("Interruption to silence, slower cores", outcome.slow, true, {}, ""));
  report.series.push_back(
      StopSeries("Interruption to silence, engines on a GPU", outcome.gpu, true, target, ""));
  report.series.push_back(
      StopSeries("Interruption to silence, other clients", outcome.two_cores, false, {},
                 "They hold 400 ms that only the announcement of speech stops"));
  Series all{.name = "Interruption to silence, all calls",
             .unit = "ms",
             .note = "Far networks and echo, where only words count, included"};
  for (const sim::Stop& stop : outcome.two_cores.stops) all.values.push_back(stop.ms);
  report.series.push_back(std::move(all));
  Series breath{.name = "Silence at a backchannel or cough",
                .unit = "ms",
                .note = "For which the agent paused and then went on; no pause counts as 0"};
  breath.values = Values(outcome.two_cores.breath_ms);
  report.series.push_back(std::move(breath));
}

std::array<const Scores*, 4> AllOf(const SimOutcome& outcome) {
  return {&outcome.two_cores, &outcome.reactive, &outcome.slow, &outcome.gpu};
}

void AddPromises(Report& report, const SimOutcome& outcome) {
  const Scores& scores = outcome.two_cores;
  int64_t turns = 0;
  int64_t violations = 0;
  int64_t stuck = 0;
  int64_t calls = 0;
  for (const Scores* one : AllOf(outcome)) {
    turns += one->user_turns + one->agent_turns;
    violations += one->violations;
    stuck += one->stuck;
    calls += one->calls;
  }
  report.figures.push_back(Count("Lost at resume", "words", scores.resume_words_lost,
                                 scores.resumes, "Of replies that were ducked and went on"));
  report.figures.push_back(
      Count("Repeated at resume", "words", scores.resume_words_repeated, scores.resumes, ""));
  report.figures.push_back(Count("Broken promises", "steps", violations, turns, "Over all turns"));
  report.figures.push_back(Count("Stuck", "calls", stuck, calls,
                                 "Calls whose last plain question got no answer, or that do not "
                                 "come to rest"));
  report.figures.push_back({.name = "Drafts that became the reply",
                            .unit = "%",
                            .value = scores.drafts == 0
                                         ? 0
                                         : 100.0 * static_cast<double>(scores.drafts_used) /
                                               static_cast<double>(scores.drafts),
                            .of = scores.drafts});
  report.figures.push_back({.name = "Words written for nothing, a draft",
                            .unit = "words",
                            .value = scores.drafts == 0
                                         ? 0
                                         : static_cast<double>(scores.draft_words_wasted) /
                                               static_cast<double>(scores.drafts),
                            .of = scores.drafts});
}

Series Gap(std::string name, const Scores& scores, double target_ms) {
  return {.name = std::move(name),
          .unit = "ms",
          .values = Values(scores.gap_ms),
          .targets = {{.percentile = 50, .value_max = target_ms}},
          .note = "The person's last sample to the first audible sample of the reply"};
}

void AddStages(Report& report, const Scores& scores) {
  const std::pair<const char*, float Stages::*> stages[] = {
      {"… end of turn decided", &Stages::decided_ms},  {"… words settled", &Stages::transcript_ms},
      {"… language model asked", &Stages::started_ms}, {"… its first word", &Stages::token_ms},
      {"… voice asked", &Stages::clause_ms},           {"… its first sound", &Stages::speech_ms}};
  for (const auto& [name, stage] : stages) {
    Series series{.name = name, .unit = "ms"};
    for (const Stages& one : scores.stages) {
      series.values.push_back(static_cast<double>(one.*stage));
    }
    report.series.push_back(std::move(series));
  }
}

// Replies of different slowness, where their time went.
void AddWaterfalls(Report& report, const Scores& scores) {
  std::vector<Stages> sorted = scores.stages;
  std::sort(sorted.begin(), sorted.end(),
            [](const Stages& a, const Stages& b) { return a.heard_ms < b.heard_ms; });
  for (const double percentile : {5.0, 25.0, 50.0, 75.0, 95.0}) {
    if (sorted.empty()) return;
    const auto at = static_cast<size_t>(percentile / 100 * static_cast<double>(sorted.size() - 1));
    const Stages& one = sorted[at];
    report.waterfalls.push_back(
        {.label = fmt::format("p{:.0f}: p(end) {:.2f}{}", percentile, one.probability,
                              one.drafted ? ", drafted" : ""),
         .stages = {{"end of turn decided", 0, one.decided_ms},
                    {"words settled", 0, one.transcript_ms},
                    {"language model", one.started_ms, one.token_ms},
                    {"first clause", one.token_ms, one.clause_ms},
                    {"voice", one.clause_ms, one.speech_ms},
                    {"to the ear", std::min(one.speech_ms, one.heard_ms), one.heard_ms}}});
  }
}

}  // namespace

bool IsSound(const SimOutcome& outcome) {
  const auto all = AllOf(outcome);
  return std::all_of(all.begin(), all.end(), [](const Scores* scores) {
    return scores->violations == 0 && scores->stuck == 0;
  });
}

Report SimReport(const SimOutcome& outcome) {
  const Scores& scores = outcome.two_cores;
  Report report;
  report.title = "Turn-taking, simulated";
  double minutes = 0;
  int64_t calls = 0;
  for (const Scores* one : AllOf(outcome)) {
    minutes += one->minutes;
    calls += one->calls;
  }
  const double speed = outcome.seconds > 0 ? minutes * 60 / outcome.seconds : 0;
  report.machine =
      fmt::format("{:.0f} call-minutes, {} calls from seed {} on, in {:.1f} s of processor time",
                  minutes, calls, outcome.first_seed, outcome.seconds);
  report.commit = "as built";
  report.date = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  AddFloor(report, scores, "", true);
  AddPromises(report, outcome);
  AddFloor(report, outcome.slow, ", slower cores", false);
  AddFloor(report, outcome.gpu, ", engines on a GPU", false);
  report.figures.push_back({.name = "Speed",
                            .unit = "call-minutes a minute",
                            .value = speed,
                            .target = 10'000,
                            .at_least = true,
                            .note = "On one core"});
  report.series.push_back(Gap("Response gap", scores, 750));
  AddStages(report, scores);
  report.series.push_back(Gap("Response gap without speculation", outcome.reactive, 900));
  report.series.push_back(Gap("Response gap, slower cores", outcome.slow, 750));
  report.series.push_back(Gap("Response gap, engines on a GPU", outcome.gpu, 250));
  AddStops(report, outcome);
  report.series.push_back({.name = "Error of the heard history",
                           .unit = "words",
                           .values = Values(scores.history_error_words),
                           .targets = {{.percentile = 99, .value_max = 1}},
                           .note = "Of replies that were cut: what the language model is shown "
                                   "against what was heard"});
  AddWaterfalls(report, scores);
  for (const Scores* one : AllOf(outcome)) {
    for (const sim::Failure& failure : one->failures) {
      report.notes.push_back(fmt::format("seed {} at {:.1f} s: {}", failure.seed,
                                         static_cast<double>(failure.at_us) / 1e6, failure.what));
    }
  }
  return report;
}

}  // namespace parley::cli
