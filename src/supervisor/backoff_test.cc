#include "supervisor/backoff.h"

#include <gtest/gtest.h>

namespace parley::supervisor {
namespace {

TEST(Backoff, DoublesUpToItsLast) {
  Backoff backoff(100, 5000);
  for (const int64_t expected : {100, 200, 400, 800, 1600, 3200, 5000, 5000}) {
    EXPECT_EQ(backoff.OnDeath(10), expected);
  }
  EXPECT_EQ(backoff.deaths(), 8);
}

TEST(Backoff, ALongLifeMakesTheNextDeathTheFirst) {
  Backoff backoff(100, 5000);
  backoff.OnDeath(10);
  backoff.OnDeath(10);
  EXPECT_EQ(backoff.OnDeath(Backoff::kSettledMs), 100);
  EXPECT_EQ(backoff.deaths(), 1);
}

}  // namespace
}  // namespace parley::supervisor
