#include "engine/conformance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace parley::engine {
namespace {

using ::testing::HasSubstr;

ConformanceConfig ToneConfig() {
  ConformanceConfig config;
  config.spec = {.name = "tone", .kind = ModelKind::kTts};
  config.spec.command = {PARLEY_BIN_DIR "/parley-engine-tone"};
  config.load.options = {{"load_ms", int64_t{100}}};
  return config;
}

TEST(Conformance, TheToneEnginePasses) {
  const ConformanceReport report = CheckConformance(ToneConfig());
  EXPECT_TRUE(report.Passed()) << report.ToText();
  EXPECT_GE(report.checks.size(), 28u);
  EXPECT_EQ(nlohmann::json::parse(report.ToJson())["engine"], "tone");
}

TEST(Conformance, AProgramThatIsNoEngineFailsAtItsHello) {
  ConformanceConfig config = ToneConfig();
  config.spec.command = {"/bin/sh", "-c", "echo I am no engine; exit 3"};
  const ConformanceReport report = CheckConformance(config);
  EXPECT_FALSE(report.Passed());
  ASSERT_EQ(report.checks.size(), 1u);
  EXPECT_THAT(report.checks[0].reason, HasSubstr("I am no engine"));
}

// The reason of the one check that is run.
std::string ReasonOf(const char* check, std::map<std::string, OptionValue> options) {
  ConformanceConfig config = ToneConfig();
  config.only = {check};
  config.answer_ms = 500;
  config.idle_ms = 500;
  config.load.options = std::move(options);
  const ConformanceReport report = CheckConformance(config);
  EXPECT_EQ(report.checks.size(), 1u);
  EXPECT_FALSE(report.Passed());
  return report.checks.empty() ? "" : report.checks[0].reason;
}

TEST(Conformance, AModelThatStallsIsFound) {
  EXPECT_THAT(ReasonOf("serves_a_whole_stream", {{"fault", "stall"}, {"fault_on_text", "test"}}),
              HasSubstr("waiting for idle of stream 1"));
}

TEST(Conformance, AModelThatIgnoresItsCancelIsFound) {
  EXPECT_THAT(ReasonOf("stops_speaking_when_cancelled",
                       {{"fault", "stuck"}, {"fault_after_samples", int64_t{0}}}),
              HasSubstr("waiting for idle after a cancel"));
}

TEST(Conformance, AnEngineThatCrashesIsNamedWithItsLastLines) {
  EXPECT_THAT(ReasonOf("serves_a_whole_stream", {{"fault", "crash"}, {"fault_on_text", "test"}}),
              HasSubstr("committing the fault \"crash\""));
}

TEST(Conformance, ALoadThatFailsIsNamed) {
  EXPECT_THAT(ReasonOf("loads", {{"fail_load", "no weights"}}), HasSubstr("no weights"));
}

}  // namespace
}  // namespace parley::engine
