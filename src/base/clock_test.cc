#include "base/clock.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(Clock, SteadyTimeNeverGoesBack) {
  const SteadyClock clock;
  const int64_t before_us = clock.NowUs();
  EXPECT_GE(clock.NowUs(), before_us);
}

TEST(Clock, FakeTimeMovesOnlyWhenTold) {
  FakeClock clock;
  const int64_t start_us = clock.NowUs();
  EXPECT_EQ(clock.NowUs(), start_us);
  clock.AdvanceMs(20);
  EXPECT_EQ(clock.NowUs(), start_us + 20'000);
}

}  // namespace
}  // namespace parley
