// The manager in virtual time, over engines that do what the test says.
#include "worker/model_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/testing/manager_rig.h"

namespace parley::worker {
namespace {

using ports::ModelState;
using ::testing::HasSubstr;

class ModelManagerTest : public ::testing::Test, protected testing::ManagerRig {
 protected:
  ModelManagerTest() {
    config_.defaults[ModelKind::kTts] = "joe";
    for (const char* id : {"joe", "ann", "eve"}) AddPack(id, "tts");
    AddPack("ears", "asr");
  }
  void TearDown() override { Close(); }

  struct Asked {
    std::optional<Result<ModelLease>> got;
    bool ok() const { return got && got->has_value(); }
    std::string why() const { return got && !*got ? got->error().message : ""; }
  };
  std::shared_ptr<Asked> Ask(const std::string& model, int64_t timeout_ms = 10'000,
                             ports::Lane lane = ports::Lane::kReply, int priority = 0,
                             ModelKind kind = ModelKind::kTts) {
    auto asked = std::make_shared<Asked>();
    manager_->Acquire({.model = model,
                       .kind = kind,
                       .lane = lane,
                       .priority = priority,
                       .deadline_us = clock_.NowUs() + timeout_ms * 1000},
                      [to = asked](Result<ModelLease> lease) { to->got = std::move(lease); });
    executor_.RunReady();
    return asked;
  }
  ModelState StateOf(const std::string& model) {
    for (const auto& info : manager_->List()) {
      if (info.id == model) return info.state;
    }
    return ModelState::kAbsent;
  }
};

TEST_F(ModelManagerTest, TheDefaultIsLoadedAndWarmedBeforeTheWorkerIsReady) {
  launcher_.load_at_once = false;
  launcher_.answer_at_once = false;
  Open();
  EXPECT_EQ(StateOf("joe"), ModelState::kLoading);
  EXPECT_FALSE(serving_.at(""));
  EXPECT_THAT(manager_->not_ready_why(), HasSubstr("joe (tts) is loading"));
  launcher_.engine(0)->FinishLoad(launcher_.loaded);
  executor_.RunReady();
  EXPECT_EQ(StateOf("joe"), ModelState::kWarming);
  EXPECT_FALSE(manager_->ready());
  launcher_.engine(0)->EndStream(1);
  executor_.RunReady();
  EXPECT_EQ(StateOf("joe"), ModelState::kReady);
  EXPECT_TRUE(serving_.at(""));
  EXPECT_TRUE(serving_.at("joe"));
}

TEST_F(ModelManagerTest, ALoadIsSharedByAllWhoWait) {
  Open();
  launcher_.load_at_once = false;
  const auto first = Ask("ann");
  const auto second = Ask("ann");
  EXPECT_EQ(launcher_.launched(), 2u);
  launcher_.engine(1)->FinishLoad(launcher_.loaded);
  executor_.RunReady();
  EXPECT_TRUE(first->ok());
  EXPECT_TRUE(second->ok());
}

TEST_F(ModelManagerTest, SlotsAreBoundedAndTheFloorGoesFirst) {
  Open();
  auto one = Ask("joe");
  auto two = Ask("joe");
  const auto reply = Ask("joe", 10'000, ports::Lane::kReply, 9);
  const auto floor = Ask("joe", 10'000, ports::Lane::kFloor);
  EXPECT_TRUE(one->ok() && two->ok());
  EXPECT_FALSE(reply->got || floor->got);
  one.reset();
  executor_.RunReady();
  EXPECT_TRUE(floor->ok());
  EXPECT_FALSE(reply->got);
}

TEST_F(ModelManagerTest, WhoWaitsTooLongIsToldWhatItWaitedFor) {
  Open();
  const auto one = Ask("joe");
  const auto two = Ask("joe");
  const auto late = Ask("joe", 50);
  executor_.AdvanceMs(51);
  executor_.RunReady();
  ASSERT_TRUE(late->got);
  EXPECT_EQ(late->got->error().code, Code::kResourceExhausted);
  EXPECT_THAT(late->why(), HasSubstr("all its 2 slots are in use"));
}

TEST_F(ModelManagerTest, AnIdleVoiceMakesRoomAndABusyOneIsNamed) {
  config_.policy.residency_ms = 0;
  Open();
  auto ann = Ask("ann");
  ASSERT_TRUE(ann->ok());
  const auto eve = Ask("eve", 500);
  executor_.AdvanceMs(501);
  executor_.RunReady();
  EXPECT_THAT(eve->why(), HasSubstr("ann (ready, 1 streams)"));
  ann.reset();
  const auto again = Ask("eve", 500);
  executor_.RunReady();
  EXPECT_TRUE(again->ok());
  EXPECT_EQ(StateOf("ann"), ModelState::kAbsent);
}

TEST_F(ModelManagerTest, ACrashFailsNobodyElseAndIsMendedAfterABackOff) {
  Open();
  const auto held = Ask("joe");
  launcher_.engine(0)->Crash("out of luck");
  executor_.RunReady();
  EXPECT_EQ(StateOf("joe"), ModelState::kFailed);
  EXPECT_FALSE(serving_.at(""));
  EXPECT_THAT(manager_->not_ready_why(), HasSubstr("out of luck"));
  EXPECT_EQ((*held->got)->engine(), nullptr);
  const auto waiting = Ask("joe");
  EXPECT_FALSE(waiting->got);
  executor_.AdvanceMs(100);
  executor_.RunReady();
  EXPECT_TRUE(waiting->ok());
  EXPECT_TRUE(manager_->ready());
}

TEST_F(ModelManagerTest, RepeatedFailuresWaitLongerAndRequestsFailAtOnce) {
  launcher_.load_at_once = false;
  Open();
  for (size_t attempt = 0; attempt < 5; ++attempt) {
    launcher_.engine(attempt)->FinishLoad(Fail(Code::kDataLoss, "damaged"));
    executor_.RunReady();
    executor_.AdvanceMs(100 << attempt);
    executor_.RunReady();
    EXPECT_EQ(launcher_.launched(), attempt + 2);
  }
  launcher_.engine(5)->FinishLoad(Fail(Code::kDataLoss, "damaged"));
  executor_.RunReady();
  const auto refused = Ask("joe");
  EXPECT_THAT(refused->why(), HasSubstr("damaged"));
}

TEST_F(ModelManagerTest, AnIdleModelIsUnloadedAfterItsTime) {
  Open();
  Ask("ann");
  EXPECT_EQ(StateOf("ann"), ModelState::kReady);
  executor_.AdvanceMs(599'000);
  EXPECT_EQ(StateOf("ann"), ModelState::kReady);
  executor_.AdvanceMs(40'000);
  EXPECT_EQ(StateOf("ann"), ModelState::kAbsent);
  EXPECT_EQ(StateOf("joe"), ModelState::kReady) << "the default is pinned";
}

TEST_F(ModelManagerTest, AChangedPackIsLoadedBesideTheOldOneAndTakesOver) {
  Open();
  packs_[0].options["threads"] = "2";
  EXPECT_EQ(manager_->Reload().changed, std::vector<std::string>{"joe"});
  executor_.RunReady();
  EXPECT_EQ(launcher_.launched(), 2u);
  EXPECT_EQ(launcher_.engine(0), nullptr);
  EXPECT_EQ(StateOf("joe"), ModelState::kReady);
  EXPECT_EQ(std::get<int64_t>(launcher_.engine(1)->load().options.at("threads")), 2);
}

TEST_F(ModelManagerTest, DrainWaitsForStreamsAndTakesNoNewOnes) {
  Open();
  auto held = Ask("joe");
  bool drained = false;
  manager_->Drain(clock_.NowUs() + 5'000'000, [&](Status) { drained = true; });
  executor_.RunReady();
  EXPECT_EQ(Ask("joe")->got->error().code, Code::kUnavailable);
  EXPECT_FALSE(drained);
  held.reset();
  executor_.RunReady();
  EXPECT_TRUE(drained);
}

TEST_F(ModelManagerTest, ADrainThatTakesTooLongEndsTheStreams) {
  Open();
  const auto held = Ask("joe");
  bool drained = false;
  manager_->Drain(clock_.NowUs() + 1'000'000, [&](Status) { drained = true; });
  executor_.RunReady();
  executor_.AdvanceMs(1'001);
  executor_.RunReady();
  EXPECT_EQ((*held->got)->engine(), nullptr);
  held->got.reset();
  executor_.RunReady();
  EXPECT_TRUE(drained);
}

TEST_F(ModelManagerTest, MoreDefaultsThanTheCapAreRefusedByName) {
  config_.preload = {"ann", "eve"};
  const auto refused =
      ModelManager::Create(config_, {.clock = clock_,
                                     .metrics = metrics_,
                                     .executor = executor_,
                                     .launcher = launcher_,
                                     .packs = [this](std::vector<Error>*) { return packs_; },
                                     .serving = [](const std::string&, bool) {}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("ann, eve, joe"));
}

}  // namespace
}  // namespace parley::worker
