#include "engine/internal/output_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace parley::engine::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(OutputLog, LinesAreWholeHoweverTheyArrive) {
  FakeClock clock;
  OutputLog log("e", clock);
  LineSplitter lines(log);
  lines.Feed("on");
  lines.Feed("e\ntwo\nthr");
  lines.Feed("ee");
  EXPECT_THAT(log.last_lines(), ElementsAre("one", "two"));
  lines.Finish();
  EXPECT_THAT(log.last_lines(), ElementsAre("one", "two", "three"));
}

TEST(OutputLog, ALongLineIsCutAndSaysByHowMuch) {
  FakeClock clock;
  OutputLog log("e", clock);
  LineSplitter lines(log);
  lines.Feed(std::string(OutputLog::kLineBytesMax, 'x'));
  lines.Feed(std::string(100, 'y') + "\nnext\n");
  ASSERT_EQ(log.last_lines().size(), 2u);
  EXPECT_THAT(log.last_lines()[0], HasSubstr("100 bytes more"));
  EXPECT_LT(log.last_lines()[0].size(), OutputLog::kLineBytesMax + 40);
  EXPECT_EQ(log.last_lines()[1], "next");
}

TEST(OutputLog, FiftyLinesAreKept) {
  FakeClock clock;
  OutputLog log("e", clock);
  for (int i = 0; i < 80; ++i) log.Line(std::to_string(i), 0);
  ASSERT_EQ(log.last_lines().size(), OutputLog::kLinesKept);
  EXPECT_EQ(log.last_lines().front(), "30");
  EXPECT_EQ(log.last_lines().back(), "79");
}

TEST(OutputLog, AFloodIsLoggedAtItsRateAndThenAgain) {
  FakeClock clock;
  OutputLog log("e", clock);
  for (int i = 0; i < 1000; ++i) log.Line("flood", 0);
  EXPECT_EQ(log.logged(), OutputLog::kBurstLines);
  EXPECT_EQ(log.suppressed(), 1000 - OutputLog::kBurstLines);
  clock.AdvanceMs(1000);
  for (int i = 0; i < 1000; ++i) log.Line("flood", 0);
  EXPECT_EQ(log.logged(), OutputLog::kBurstLines + OutputLog::kLinesPerSecond);
}

TEST(OutputLog, BytesThatWouldSteerATerminalAreMadeHarmless) {
  FakeClock clock;
  OutputLog log("e", clock);
  log.Line("\x1b[2Jgone\x07", 0);
  EXPECT_THAT(log.last_lines(), ElementsAre(".[2Jgone."));
}

}  // namespace
}  // namespace parley::engine::internal
