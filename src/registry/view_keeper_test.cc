#include "registry/internal/view_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Row = ViewKeeper::Row;

constexpr int64_t kMs = 1000;

std::string Info(const std::string& instance, const std::string& name) {
  return ToJson({.instance = instance, .address = "h:1", .capabilities = {.worker_id = name}});
}

Row First(const std::string& instance, const std::string& name, int64_t epoch = 1) {
  return {instance, "1", "1", epoch, Info(instance, name)};
}

class ViewKeeperTest : public ::testing::Test {
 protected:
  bool Read(const std::vector<Row>& rows, int64_t at_ms) {
    problems_.clear();
    return keeper_.OnRead(rows, at_ms * kMs, &problems_);
  }
  std::vector<std::string> Instances() const {
    std::vector<std::string> all;
    for (const auto& worker : keeper_.view()->workers) all.push_back(worker->instance);
    return all;
  }

  ViewKeeper keeper_{5'000};
  std::vector<std::string> problems_;
};

TEST_F(ViewKeeperTest, UntilTheFirstReadingTheViewIsEmptyAndStale) {
  EXPECT_TRUE(keeper_.view()->stale);
  EXPECT_TRUE(Read({}, 0)) << "fresh, if still empty";
  EXPECT_FALSE(keeper_.view()->stale);
  EXPECT_FALSE(Read({}, 1));
}

TEST_F(ViewKeeperTest, AWorkerIsSeenFromItsFirstReadingUntilItSaysGoodbye) {
  EXPECT_TRUE(Read({First("a", "one"), First("b", "two")}, 0));
  EXPECT_THAT(Instances(), ElementsAre("a", "b"));
  EXPECT_FALSE(Read({{"a", "2", "1", 1, ""}, {"b", "2", "1", 1, ""}}, 1'000)) << "only beats";
  EXPECT_TRUE(keeper_.OnGone("a"));
  EXPECT_THAT(Instances(), ElementsAre("b"));
}

TEST_F(ViewKeeperTest, WhatIsKnownNeedNotBeSentAgain) {
  Read({First("a", "one")}, 0);
  EXPECT_THAT(keeper_.Known(), ElementsAre(std::pair("a", "1")));
  EXPECT_TRUE(Read({{"a", "2", "7", 1, Info("a", "uno")}}, 10));
  EXPECT_THAT(keeper_.Known(), ElementsAre(std::pair("a", "7")));
  EXPECT_EQ(keeper_.view()->workers[0]->capabilities.worker_id, "uno");
}

TEST_F(ViewKeeperTest, AnEmptiedRedisLosesNobodyBeforeTheLeaseIsOver) {
  Read({First("a", "one")}, 0);
  EXPECT_FALSE(Read({}, 4'999));
  EXPECT_THAT(Instances(), ElementsAre("a"));
  EXPECT_TRUE(Read({}, 5'001));
  EXPECT_THAT(Instances(), IsEmpty());
}

TEST_F(ViewKeeperTest, AWorkerWhoseBeatStandsStillIsGoneAfterItsLeaseByOurOwnClock) {
  Read({First("a", "one")}, 0);
  Read({{"a", "1", "1", 1, ""}}, 4'000);
  EXPECT_THAT(Instances(), ElementsAre("a"));
  Read({{"a", "1", "1", 1, ""}}, 5'001);
  EXPECT_THAT(Instances(), IsEmpty());
}

TEST_F(ViewKeeperTest, WhileRedisIsGoneTheLastViewStaysMarkedStaleAndLeasesStandStill) {
  Read({First("a", "one")}, 0);
  EXPECT_TRUE(keeper_.OnLost("refused"));
  EXPECT_FALSE(keeper_.OnLost("refused"));
  EXPECT_TRUE(keeper_.view()->stale);
  EXPECT_EQ(keeper_.view()->stale_why, "refused");
  EXPECT_THAT(Instances(), ElementsAre("a"));
  EXPECT_TRUE(Read({}, 60'000)) << "it is back, and empty";
  EXPECT_FALSE(keeper_.view()->stale);
  EXPECT_THAT(Instances(), ElementsAre("a")) << "it has a lease to announce itself again";
  Read({}, 65'001);
  EXPECT_THAT(Instances(), IsEmpty());
}

TEST_F(ViewKeeperTest, OfTwoWithOneNameTheNewestEpochCounts) {
  Read({First("a", "one", 10), First("b", "one", 20)}, 0);
  EXPECT_THAT(Instances(), ElementsAre("b"));
  keeper_.OnGone("b");
  EXPECT_THAT(Instances(), ElementsAre("a"));
}

TEST_F(ViewKeeperTest, WhatCannotBeReadIsToldAndLeftOut) {
  EXPECT_TRUE(Read({{"bad", "1", "1", 1, "{"}, First("a", "one")}, 0));
  EXPECT_THAT(Instances(), ElementsAre("a"));
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_TRUE(problems_[0].starts_with("bad: "));
}

}  // namespace
}  // namespace parley::registry
