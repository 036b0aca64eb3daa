#include "worker/model_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kMs = 1000;
constexpr int64_t kNow = 10'000'000 * kMs;

InstanceView Voice(uint64_t id, std::string model, ModelState state = ModelState::kReady) {
  return {.id = id,
          .model = std::move(model),
          .kind = ModelKind::kTts,
          .state = state,
          .ready_us = kNow - 3'600'000 * kMs,
          .used_us = kNow - 1'000 * kMs};
}

ClaimView Demand(std::string model, int64_t since_ms_ago = 0) {
  return {
      .kind = ClaimKind::kDemand, .model = std::move(model), .since_us = kNow - since_ms_ago * kMs};
}

ModelSnapshot Now(std::vector<InstanceView> instances, std::vector<ClaimView> claims) {
  return {.now_us = kNow, .instances = std::move(instances), .claims = std::move(claims)};
}

TEST(ModelPolicy, AWantedModelIsLoadedOnce) {
  const auto decision = Decide(Now({}, {Demand("a"), Demand("a")}), {.parallel_loads = 4});
  EXPECT_THAT(decision.load, ElementsAre("a"));
  EXPECT_THAT(Decide(Now({Voice(1, "a", ModelState::kLoading)}, {Demand("a")}), {}).load,
              IsEmpty());
  EXPECT_THAT(Decide(Now({Voice(1, "a")}, {Demand("a")}), {}).load, IsEmpty());
}

TEST(ModelPolicy, DemandGoesBeforeReloadBeforePreload) {
  const auto decision = Decide(Now({}, {{.kind = ClaimKind::kPreload, .model = "p"},
                                        {.kind = ClaimKind::kReload, .model = "r"},
                                        Demand("young", 10),
                                        Demand("old", 20)}),
                               {.resident_cap = 9, .parallel_loads = 3});
  EXPECT_THAT(decision.load, ElementsAre("old", "young", "r"));
}

TEST(ModelPolicy, LoadsAreBoundedButDefaultsOfDifferentKindsGoTogether) {
  const auto decision = Decide(
      Now({}, {{.kind = ClaimKind::kDefault, .model = "voice", .model_kind = ModelKind::kTts},
               {.kind = ClaimKind::kDefault, .model = "ears", .model_kind = ModelKind::kAsr},
               {.kind = ClaimKind::kDefault, .model = "mind", .model_kind = ModelKind::kLlm},
               {.kind = ClaimKind::kPreload, .model = "other"}}),
      {.parallel_loads = 1});
  EXPECT_THAT(decision.load, ElementsAre("voice", "ears", "mind"));
}

TEST(ModelPolicy, TheLeastRecentlyUsedIdleVoiceMakesRoom) {
  auto older = Voice(1, "older");
  older.used_us = kNow - 9'000 * kMs;
  const auto decision = Decide(Now({Voice(2, "newer"), older}, {Demand("c")}), {.resident_cap = 2});
  EXPECT_THAT(decision.drain, ElementsAre(1));
  EXPECT_THAT(decision.load, IsEmpty()) << "it loads when the victim's process is gone";
}

TEST(ModelPolicy, RoomThatIsOnItsWayNeedsNoSecondVictim) {
  const auto decision =
      Decide(Now({Voice(1, "a", ModelState::kDraining), Voice(2, "b")}, {Demand("c")}),
             {.resident_cap = 2});
  EXPECT_THAT(decision.drain, IsEmpty());
  EXPECT_THAT(decision.load, IsEmpty());
}

TEST(ModelPolicy, APinnedABusyAndADemandedModelAreNoVictims) {
  auto pinned = Voice(1, "pinned");
  pinned.pinned = true;
  auto busy = Voice(2, "busy");
  busy.leases = 1;
  const auto decision =
      Decide(Now({pinned, busy, Voice(3, "wanted")}, {Demand("c"), Demand("wanted")}),
             {.resident_cap = 3});
  EXPECT_THAT(decision.drain, IsEmpty());
  ASSERT_EQ(decision.blocked.size(), 1u);
  EXPECT_THAT(decision.blocked[0].why, HasSubstr("pinned (ready, 0 streams, pinned)"));
  EXPECT_THAT(decision.blocked[0].why, HasSubstr("busy (ready, 1 streams)"));
}

TEST(ModelPolicy, ResidencyIsServedBeforeTheCapTakesAVoice) {
  auto young = Voice(1, "young");
  young.ready_us = kNow - 1'000 * kMs;
  const auto decision =
      Decide(Now({young}, {Demand("c")}), {.residency_ms = 120'000, .resident_cap = 1});
  EXPECT_THAT(decision.drain, IsEmpty());
  EXPECT_EQ(decision.next_us, kNow + 119'000 * kMs);
}

TEST(ModelPolicy, ResidencyYieldsToMemory) {
  auto young = Voice(1, "young");
  young.ready_us = kNow - 1'000 * kMs;
  young.memory_bytes = 80;
  ClaimView claim = Demand("c");
  claim.need_bytes = 40;
  const auto decision =
      Decide(Now({young}, {claim}), {.resident_cap = 2, .memory_budget_bytes = 100});
  EXPECT_THAT(decision.drain, ElementsAre(1));
}

TEST(ModelPolicy, NobodyIsDrainedWhenItWouldNotSuffice) {
  auto small = Voice(1, "small");
  small.memory_bytes = 10;
  auto pinned = Voice(2, "pinned");
  pinned.memory_bytes = 80;
  pinned.pinned = true;
  ClaimView claim = Demand("huge");
  claim.need_bytes = 50;
  const auto decision =
      Decide(Now({small, pinned}, {claim}), {.resident_cap = 9, .memory_budget_bytes = 100});
  EXPECT_THAT(decision.drain, IsEmpty());
  EXPECT_EQ(decision.blocked.size(), 1u);
}

TEST(ModelPolicy, TheCapCountsVoicesOnly) {
  auto ears = Voice(1, "ears");
  ears.kind = ModelKind::kAsr;
  EXPECT_THAT(Decide(Now({ears}, {Demand("a")}), {.resident_cap = 1}).load, ElementsAre("a"));
}

TEST(ModelPolicy, AnIdleModelGoesAfterItsTimeButNeverAPinnedOne) {
  auto idle = Voice(1, "idle");
  idle.used_us = kNow - 600'000 * kMs;
  auto pinned = Voice(2, "pinned");
  pinned.used_us = 0;
  pinned.pinned = true;
  auto busy = Voice(3, "busy");
  busy.used_us = 0;
  busy.leases = 1;
  EXPECT_THAT(Decide(Now({idle, pinned, busy}, {}), {}).drain, ElementsAre(1));
  EXPECT_THAT(Decide(Now({idle}, {}), {.ttl_ms = 0}).drain, IsEmpty());
  idle.used_us += kMs;
  const auto later = Decide(Now({idle}, {}), {});
  EXPECT_THAT(later.drain, IsEmpty());
  EXPECT_EQ(later.next_us, kNow + 30'000 * kMs);
}

TEST(ModelPolicy, AFailedModelWaitsLongerEachTime) {
  EXPECT_EQ(BackoffUs(0, {}), 0);
  EXPECT_EQ(BackoffUs(1, {}), 100 * kMs);
  EXPECT_EQ(BackoffUs(2, {}), 200 * kMs);
  EXPECT_EQ(BackoffUs(7, {}), 6'400 * kMs);
  EXPECT_EQ(BackoffUs(1000, {}), 60'000 * kMs);
  ClaimView claim = Demand("a");
  claim.failures = 3;
  claim.failed_us = kNow - 399 * kMs;
  const auto waiting = Decide(Now({}, {claim}), {});
  EXPECT_THAT(waiting.load, IsEmpty());
  EXPECT_EQ(waiting.next_us, kNow + kMs);
  claim.failed_us -= kMs;
  EXPECT_THAT(Decide(Now({}, {claim}), {}).load, ElementsAre("a"));
  claim.failed_us = kNow;
  claim.skip_backoff = true;
  EXPECT_THAT(Decide(Now({}, {claim}), {}).load, ElementsAre("a"));
}

TEST(ModelPolicy, AStaleModelIsReplacedSideBySideWhenThereIsRoom) {
  auto stale = Voice(1, "a");
  stale.stale = true;
  const ClaimView reload{.kind = ClaimKind::kReload, .model = "a"};
  const auto first = Decide(Now({stale}, {reload}), {.resident_cap = 2});
  EXPECT_THAT(first.load, ElementsAre("a"));
  EXPECT_THAT(first.drain, IsEmpty());
  const auto then = Decide(Now({stale, Voice(2, "a")}, {}), {.resident_cap = 2});
  EXPECT_THAT(then.drain, ElementsAre(1));
}

TEST(ModelPolicy, WithoutRoomTheStaleModelGoesFirst) {
  auto stale = Voice(1, "a");
  stale.stale = true;
  stale.pinned = true;
  const ClaimView reload{.kind = ClaimKind::kReload, .model = "a"};
  EXPECT_THAT(Decide(Now({stale}, {reload}), {.resident_cap = 1}).drain, ElementsAre(1));
}

TEST(ModelPolicy, ALoadThatNobodyWaitsForIsStopped) {
  EXPECT_THAT(Decide(Now({Voice(1, "a", ModelState::kLoading)}, {}), {}).drain, ElementsAre(1));
}

TEST(ModelPolicy, DefaultsAndPreloadsMustFitTheCap) {
  EXPECT_TRUE(CheckCap({"a", "b", "a"}, {.resident_cap = 2}));
  const auto refused = CheckCap({"a", "b", "c"}, {.resident_cap = 2});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("a, b, c"));
}

TEST(ModelPolicy, ConfigsAreCheckedByName) {
  EXPECT_TRUE(ModelPolicyConfig{}.Validate());
  EXPECT_THAT(ModelPolicyConfig{.resident_cap = 0}.Validate().error().message,
              HasSubstr("resident_cap is 0"));
}

}  // namespace
}  // namespace parley::worker
