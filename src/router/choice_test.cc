#include "router/choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "router/breaker.h"

namespace parley::router {
namespace {

using ports::ModelKind;
using ports::ModelState;
using ::testing::HasSubstr;

ports::WorkerCapabilities With(std::vector<ports::ModelInfo> models, bool draining = false) {
  return {.draining = draining, .ready = true, .models = std::move(models)};
}

ports::ModelInfo Model(std::string id, ModelState state = ModelState::kReady, int in_use = 0) {
  return {.id = std::move(id),
          .kind = ModelKind::kTts,
          .state = state,
          .languages = {"en-US"},
          .slots = 4,
          .in_use = in_use};
}

WorkerView View(const ports::WorkerCapabilities& capabilities, int in_flight = 0) {
  return {.reachable = true, .in_flight = in_flight, .capabilities = &capabilities, .address = "w"};
}

// How often each of two workers is taken.
std::pair<int, int> Draw(const std::vector<WorkerView>& views, const Wanted& wanted) {
  SplitMix64 random(1);
  std::pair<int, int> taken;
  for (int i = 0; i < 100; ++i) {
    const auto chosen = Choose(views, wanted, {}, random);
    if (!chosen) continue;
    ++(*chosen == 0 ? taken.first : taken.second);
  }
  return taken;
}

TEST(Choice, TheOneThatHasTheModelDoesIt) {
  const auto joe = With({Model("joe")});
  const auto ann = With({Model("ann")});
  EXPECT_EQ(Draw({View(joe), View(ann)}, {.model = "ann"}), std::pair(0, 100));
}

TEST(Choice, AModelThatIsReadyGoesBeforeOneThatMustBeLoaded) {
  const auto cold = With({Model("joe", ModelState::kAbsent)});
  const auto warm = With({Model("joe")});
  EXPECT_EQ(Draw({View(cold), View(warm, 3)}, {.model = "joe"}), std::pair(0, 100));
}

TEST(Choice, OfTwoTheLessLoadedIsTaken) {
  const auto one = With({Model("joe")});
  EXPECT_EQ(Draw({View(one, 2), View(one, 1)}, {.model = "joe"}), std::pair(0, 100));
  const auto busy = With({Model("joe", ModelState::kReady, 3)});
  EXPECT_EQ(Draw({View(busy), View(one, 1)}, {.model = "joe"}), std::pair(0, 100))
      << "what others do there counts too";
}

TEST(Choice, EqualsShareTheWork) {
  const auto one = With({Model("joe")});
  const auto [first, second] = Draw({View(one), View(one)}, {.model = "joe"});
  EXPECT_GT(first, 30);
  EXPECT_GT(second, 30);
}

TEST(Choice, DrainingUnreachableBrokenAndTriedFallOut) {
  const auto good = With({Model("joe")});
  const auto draining = With({Model("joe")}, true);
  EXPECT_EQ(Draw({View(draining), View(good, 3)}, {.model = "joe"}), std::pair(0, 100));
  WorkerView away = View(good);
  away.reachable = false;
  EXPECT_EQ(Draw({away, View(good, 3)}, {.model = "joe"}), std::pair(0, 100));
  WorkerView broken = View(good);
  broken.allowed = false;
  EXPECT_EQ(Draw({broken, View(good, 3)}, {.model = "joe"}), std::pair(0, 100));
  SplitMix64 random(1);
  const std::vector<size_t> tried{0};
  EXPECT_EQ(*Choose(std::vector{View(good), View(good, 3)}, {.model = "joe"}, tried, random), 1u);
}

TEST(Choice, NobodyHavingItIsAnotherThingThanNobodyThere) {
  const auto good = With({Model("joe")});
  SplitMix64 random(1);
  EXPECT_EQ(Choose(std::vector{View(good)}, {.model = "ann"}, {}, random).error().code,
            Code::kNotFound);
  WorkerView away = View(good);
  away.reachable = false;
  const auto refused = Choose(std::vector{away}, {.model = "joe"}, {}, random);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("w cannot be reached"));
  const WorkerView unknown{.address = "new"};
  EXPECT_EQ(Choose(std::vector{View(good), unknown}, {.model = "ann"}, {}, random).error().code,
            Code::kUnavailable)
      << "who was never heard of may have it";
}

TEST(Choice, WithoutANameTheDefaultOfTheKindIsMeant) {
  auto joe = Model("joe");
  joe.is_default = true;
  const auto first = With({Model("ann")});
  const auto second = With({Model("ann"), joe});
  EXPECT_EQ(Draw({View(first), View(second)}, {}), std::pair(0, 100));
}

TEST(Choice, WhoKnowsTheLanguageGoesFirstButNobodyIsRefusedForIt) {
  auto french = Model("joe");
  french.languages = {"fr"};
  const auto english = With({Model("joe")});
  const auto other = With({french});
  EXPECT_EQ(Draw({View(english), View(other, 3)}, {.model = "joe", .language = "fr"}),
            std::pair(0, 100));
  EXPECT_EQ(Draw({View(english)}, {.model = "joe", .language = "fr"}), std::pair(100, 0));
}

TEST(Choice, LanguagesMatchByTheirBeginning) {
  EXPECT_TRUE(LanguageMatches({"en-US"}, "en"));
  EXPECT_TRUE(LanguageMatches({"en"}, "en-GB"));
  EXPECT_TRUE(LanguageMatches({}, "fr"));
  EXPECT_TRUE(LanguageMatches({"fr"}, ""));
  EXPECT_FALSE(LanguageMatches({"en-US"}, "fr"));
  EXPECT_FALSE(LanguageMatches({"eng"}, "en"));
}

TEST(Breaker, OpensAfterFailuresTriesOnceAndCloses) {
  constexpr int64_t kMs = 1000;
  Breaker breaker({.failures_max = 2, .open_ms_min = 100, .open_ms_max = 300});
  EXPECT_TRUE(breaker.Allows(0));
  breaker.OnFailure(0);
  EXPECT_TRUE(breaker.Allows(0));
  breaker.OnFailure(0);
  EXPECT_FALSE(breaker.Allows(99 * kMs));
  EXPECT_TRUE(breaker.Allows(100 * kMs));
  breaker.OnStart(100 * kMs);
  EXPECT_FALSE(breaker.Allows(100 * kMs)) << "one at a time";
  breaker.OnFailure(100 * kMs);
  EXPECT_FALSE(breaker.Allows(299 * kMs)) << "twice as long now";
  EXPECT_TRUE(breaker.Allows(300 * kMs));
  breaker.OnFailure(300 * kMs);
  EXPECT_TRUE(breaker.Allows(600 * kMs)) << "never longer than its limit";
  breaker.OnSuccess();
  EXPECT_EQ(breaker.state(600 * kMs), Breaker::State::kClosed);
}

}  // namespace
}  // namespace parley::router
