#include "cli/sim_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sim/simulate.h"

namespace parley::cli {
namespace {

const bench::Figure* FigureNamed(const bench::Report& report, const std::string& name) {
  const auto found =
      std::find_if(report.figures.begin(), report.figures.end(),
                   [&name](const bench::Figure& figure) { return figure.name == name; });
  return found == report.figures.end() ? nullptr : &*found;
}

TEST(SimReport, HasEachScoreBesideItsTarget) {
  SimOutcome outcome{.seconds = 1};
  outcome.two_cores = outcome.reactive = outcome.slow = outcome.gpu =
      sim::Simulate({.minutes = 100});
  const bench::Report report = SimReport(outcome);
  for (const char* name :
       {"Takeover at pauses", "Takeover at turn ends", "Yielding to interruptions",
        "Takeover at backchannels", "Takeover at coughs", "Takeover at coughs, slower cores",
        "Lost at resume", "Broken promises", "Stuck"}) {
    const bench::Figure* figure = FigureNamed(report, name);
    ASSERT_TRUE(figure) << name;
    EXPECT_TRUE(figure->target) << name;
    EXPECT_GT(figure->of, 0) << name;
  }
  EXPECT_EQ(report.waterfalls.size(), 5u);
  const auto stop = std::find_if(
      report.series.begin(), report.series.end(),
      [](const bench::Series& series) { return series.name == "Interruption to silence"; });
  ASSERT_NE(stop, report.series.end());
  EXPECT_FALSE(stop->values.empty());
  EXPECT_EQ(stop->targets.at(0).percentile, 95);
  EXPECT_NE(bench::ToHtml(report).find("Response gap, engines on a GPU"), std::string::npos);
}

TEST(SimReport, ABrokenPromiseIsUnsoundAndNamesItsSeed) {
  SimOutcome outcome;
  EXPECT_TRUE(IsSound(outcome));
  outcome.gpu.violations = 1;
  outcome.gpu.failures.push_back({.seed = 77, .at_us = 1'500'000, .what = "two drafts at a time"});
  EXPECT_FALSE(IsSound(outcome));
  const std::string text = bench::ToText(SimReport(outcome));
  EXPECT_NE(text.find("seed 77 at 1.5 s: two drafts at a time"), std::string::npos) << text;
}

}  // namespace
}  // namespace parley::cli
