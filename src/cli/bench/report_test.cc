#include "cli/bench/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace parley::cli::bench {
namespace {

Report Sample() {
  return {.title = "Turns <1>",
          .machine = "2 cores",
          .commit = "abc",
          .date = "2026-01-01T00:00:00Z",
          .figures = {{.name = "interruptions heeded",
                       .unit = "%",
                       .value = 97,
                       .of = 200,
                       .target = 98,
                       .at_least = true},
                      {.name = "coughs obeyed", .unit = "%", .value = 1, .target = 2}},
          .series = {{.name = "response gap",
                      .unit = "ms",
                      .values = {700, 800, 900, 1000},
                      .targets = {{.percentile = 50, .value_max = 900},
                                  {.percentile = 95, .value_max = 900}}}},
          .waterfalls = {{.label = "capital?",
                          .stages = {{.name = "end of turn", .from_ms = 0, .upto_ms = 300}}}}};
}

TEST(BenchReport, PercentilesInterpolateBetweenNeighbours) {
  EXPECT_EQ(Percentile({}, 50), std::nullopt);
  EXPECT_DOUBLE_EQ(Percentile({7}, 95).value(), 7);
  EXPECT_DOUBLE_EQ(Percentile({40, 10, 30, 20}, 50).value(), 25);
  EXPECT_DOUBLE_EQ(Percentile({0, 100}, 99).value(), 99);
}

TEST(BenchReport, AMissedTargetIsCalledMissedInEachFace) {
  const Report report = Sample();
  const auto json = nlohmann::json::parse(ToJson(report));
  EXPECT_EQ(json["series"][0]["p50"], 850);
  EXPECT_EQ(json["series"][0]["targets"][0]["kept"], true);
  EXPECT_EQ(json["series"][0]["targets"][1]["kept"], false);
  EXPECT_NE(ToText(report).find("p95 ≤ 900 ms MISSED"), std::string::npos);
  EXPECT_NE(ToHtml(report).find("✗ missed"), std::string::npos);
}

TEST(BenchReport, AFigureIsHeldToItsFloorOrCeiling) {
  const Report report = Sample();
  const auto json = nlohmann::json::parse(ToJson(report));
  EXPECT_EQ(json["figures"][0]["target"]["kept"], false);
  EXPECT_EQ(json["figures"][1]["target"]["kept"], true);
  EXPECT_NE(ToText(report).find("≥ 98 % MISSED"), std::string::npos);
  EXPECT_NE(ToHtml(report).find("≥ 98 ✗ missed"), std::string::npos);
}

TEST(BenchReport, ThePageEscapesWhatItWasGivenAndNeedsNothingFromElsewhere) {
  const std::string html = ToHtml(Sample());
  EXPECT_NE(html.find("Turns &lt;1&gt;"), std::string::npos);
  EXPECT_EQ(html.find("Turns <1>"), std::string::npos);
  EXPECT_EQ(html.find("http"), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);
}

TEST(BenchReport, NothingMeasuredIsShownAsNothingAndKeepsNoTarget) {
  Report report = Sample();
  report.series[0].values.clear();
  EXPECT_NE(ToHtml(report).find("✗ missed"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(ToJson(report))["series"][0]["p50"].is_null());
}

}  // namespace
}  // namespace parley::cli::bench
