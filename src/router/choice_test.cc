#include "router/choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "router/breaker.h"
#include "router/internal/pace.h"
#include "router/internal/retry_budget.h"
#include "router/router_config.h"

namespace parley::router {
namespace {

using ports::ModelKind;
using ports::ModelState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ports::ModelInfo Model(std::string id, ModelState state = ModelState::kReady) {
  return {.id = std::move(id),
          .kind = ModelKind::kTts,
          .state = state,
          .languages = {"en-US"},
          .slots = 4};
}

const ports::ModelInfo kReady = Model("joe");

WorkerView View(const ports::ModelInfo& model, int load = 0) {
  return {.known = true, .reachable = true, .load = load, .model = &model, .name = "w"};
}

constexpr auto kGpuFirst = DevicePolicy::kGpuFirst;

// How often each of the workers is taken.
std::vector<int> Draw(const std::vector<WorkerView>& views, const Wanted& wanted = {},
                      DevicePolicy devices = kGpuFirst, std::optional<size_t> before = {}) {
  SplitMix64 random(1);
  std::vector<int> taken(views.size());
  for (int i = 0; i < 100; ++i) {
    const auto chosen = Choose(views, wanted, devices, before, random);
    if (chosen) ++taken[*chosen];
  }
  return taken;
}

TEST(Choice, TheOneThatHasTheModelDoesIt) {
  WorkerView none = View(kReady);
  none.model = nullptr;
  EXPECT_THAT(Draw({none, View(kReady)}), ElementsAre(0, 100));
}

TEST(Choice, AModelThatIsReadyGoesBeforeOneThatMustBeLoaded) {
  const auto cold = Model("joe", ModelState::kAbsent);
  EXPECT_THAT(Draw({View(cold), View(kReady, 3)}), ElementsAre(0, 100));
}

TEST(Choice, OfTwoTheLessLoadedIsTaken) {
  EXPECT_THAT(Draw({View(kReady, 2), View(kReady, 1)}), ElementsAre(0, 100));
}

TEST(Choice, OfManyTheMostLoadedIsNeverTaken) {
  const auto taken = Draw({View(kReady, 3), View(kReady, 1), View(kReady, 1), View(kReady, 2)});
  EXPECT_EQ(taken[0], 0);
  EXPECT_GT(taken[1], taken[3]);
}

TEST(Choice, EqualsShareTheWork) {
  const auto taken = Draw({View(kReady), View(kReady)});
  EXPECT_GT(taken[0], 30);
  EXPECT_GT(taken[1], 30);
}

TEST(Choice, WhoCannotDoItFallsOut) {
  const auto falls_out = [](void (*spoil)(WorkerView&)) {
    WorkerView bad = View(kReady);
    spoil(bad);
    EXPECT_THAT(Draw({bad, View(kReady, 3)}), ElementsAre(0, 100));
    EXPECT_THAT(Draw({bad}), ElementsAre(0));
  };
  falls_out([](WorkerView& worker) { worker.draining = true; });
  falls_out([](WorkerView& worker) { worker.reachable = false; });
  falls_out([](WorkerView& worker) { worker.allowed = false; });
  falls_out([](WorkerView& worker) { worker.tried = true; });
}

TEST(Choice, WhoseLastCallFailedIsTakenOnlyIfThereIsNobodyElse) {
  WorkerView suspect = View(kReady);
  suspect.trusted = false;
  EXPECT_THAT(Draw({suspect, View(kReady, 4)}), ElementsAre(0, 100));
  EXPECT_THAT(Draw({suspect}), ElementsAre(100));
}

TEST(Choice, GpusGoFirstAndCpusTakeTheOverflow) {
  WorkerView gpu = View(kReady, 3);
  gpu.gpu = true;
  EXPECT_THAT(Draw({View(kReady), gpu}), ElementsAre(0, 100));
  gpu.load = 4;
  EXPECT_THAT(Draw({View(kReady), gpu}), ElementsAre(100, 0)) << "all its slots are taken";
}

TEST(Choice, AtTheEdgeOnlyCpusAreUsed) {
  WorkerView gpu = View(kReady);
  gpu.gpu = true;
  EXPECT_THAT(Draw({View(kReady, 3), gpu}, {}, DevicePolicy::kCpuOnly), ElementsAre(100, 0));
  EXPECT_THAT(Draw({gpu}, {}, DevicePolicy::kCpuOnly), ElementsAre(0));
}

TEST(Choice, TheOwnZoneGoesFirstWhileItHasRoom) {
  WorkerView far = View(kReady);
  far.near = false;
  EXPECT_THAT(Draw({far, View(kReady, 3)}), ElementsAre(0, 100));
  EXPECT_THAT(Draw({far, View(kReady, 4)}), ElementsAre(100, 0));
}

TEST(Choice, ASessionStaysWhereItWasWhileThatIsGood) {
  EXPECT_THAT(Draw({View(kReady, 0), View(kReady, 2)}, {}, kGpuFirst, 1), ElementsAre(0, 100));
  EXPECT_THAT(Draw({View(kReady, 0), View(kReady, 3)}, {}, kGpuFirst, 1), ElementsAre(100, 0))
      << "clearly more to do";
  EXPECT_THAT(Draw({View(kReady, 3), View(kReady, 4)}, {}, kGpuFirst, 1), ElementsAre(100, 0))
      << "full";
  WorkerView gone = View(kReady);
  gone.reachable = false;
  EXPECT_THAT(Draw({View(kReady), gone}, {}, kGpuFirst, 1), ElementsAre(100, 0));
}

TEST(Choice, NobodyHavingItIsAnotherThingThanNobodyThere) {
  SplitMix64 random(1);
  WorkerView none = View(kReady);
  none.model = nullptr;
  const auto absent = Choose(std::vector{none}, {.model = "ann"}, kGpuFirst, std::nullopt, random);
  EXPECT_EQ(absent.error().code, Code::kNotFound);
  EXPECT_THAT(absent.error().message, HasSubstr("tts model 'ann'"));
  WorkerView away = View(kReady);
  away.reachable = false;
  const auto refused = Choose(std::vector{away}, {}, kGpuFirst, std::nullopt, random);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("w cannot be reached"));
  const WorkerView unknown{.name = "new"};
  EXPECT_EQ(Choose(std::vector{none, unknown}, {}, kGpuFirst, std::nullopt, random).error().code,
            Code::kUnavailable)
      << "who was never heard of may have it";
  EXPECT_EQ(Choose({}, {}, kGpuFirst, std::nullopt, random).error().code, Code::kUnavailable)
      << "the first worker may come soon";
}

TEST(Choice, WhoKnowsTheLanguageGoesFirstButNobodyIsRefusedForIt) {
  auto french = Model("joe");
  french.languages = {"fr"};
  EXPECT_THAT(Draw({View(kReady), View(french, 3)}, {.language = "fr"}), ElementsAre(0, 100));
  EXPECT_THAT(Draw({View(kReady)}, {.language = "fr"}), ElementsAre(100));
}

TEST(ModelIndex, FindsByKindAndNameAndTheDefaultWithoutOne) {
  std::vector<ports::ModelInfo> models{Model("ann"), Model("joe"), Model("joe")};
  models[1].is_default = true;
  models[2].kind = ModelKind::kAsr;
  const ModelIndex index(models);
  EXPECT_EQ(index.Find({ModelKind::kTts, "ann"}), &models[0]);
  EXPECT_EQ(index.Find({ModelKind::kTts, "joe"}), &models[1]);
  EXPECT_EQ(index.Find({ModelKind::kTts, ""}), &models[1]);
  EXPECT_EQ(index.Find({ModelKind::kAsr, "joe"}), &models[2]);
  EXPECT_EQ(index.Find({ModelKind::kAsr, ""}), nullptr);
  EXPECT_EQ(index.Find({ModelKind::kTts, "bob"}), nullptr);
  EXPECT_EQ(ModelIndex().Find({ModelKind::kTts, "ann"}), nullptr);
}

TEST(RouterConfig, ALanguageAndAChainNameTheModels) {
  const RouterConfig config{.languages = {{"zh", "cosy"}}, .fallbacks = {{"cosy", "xtts piper"}}};
  EXPECT_THAT(config.ModelsFor({.language = "zh-CN"}), ElementsAre("cosy", "xtts", "piper"));
  EXPECT_THAT(config.ModelsFor({.model = "joe", .language = "zh"}), ElementsAre("joe"));
  EXPECT_THAT(config.ModelsFor({.language = "en"}), ElementsAre(""));
  EXPECT_THAT(config.ModelsFor({.kind = ModelKind::kAsr, .language = "zh"}), ElementsAre(""));
}

TEST(RetryBudget, RepetitionsAreAShareOfStartsAndABurst) {
  RetryBudget budget(0.5, 2);
  EXPECT_TRUE(budget.Take());
  EXPECT_TRUE(budget.Take());
  EXPECT_FALSE(budget.Take());
  budget.OnStart();
  EXPECT_FALSE(budget.Take());
  budget.OnStart();
  EXPECT_TRUE(budget.Take());
}

TEST(Pace, HangsIsWhatTakesFourTimesAsLongAsUsual) {
  Pace pace;
  EXPECT_EQ(pace.HangUs(300, 5'000), 5'000) << "nothing is known yet";
  for (int i = 0; i < 8; ++i) pace.OnAudio(i == 3 ? 200 : 10);
  EXPECT_NEAR(pace.HangUs(300, 5'000), 4 * 200, 60);
  for (int i = 0; i < 1000; ++i) pace.OnAudio(10);
  EXPECT_EQ(pace.HangUs(300, 5'000), 300);
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
