// Hours of a worker's life in virtual time, by random schedules: callers come, hold and go, loads
// take their time or fail, engines crash, packs change. After every step what must always hold is
// checked against a reference that knows only the rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/log.h"
#include "base/random.h"
#include "worker/testing/manager_rig.h"
#include "worker/testing/scripted_hour.h"

namespace parley::worker {
namespace {

constexpr int64_t kMs = 1'000;
constexpr int64_t kHourMs = 3'600'000;

class Life : testing::ManagerRig {
 public:
  explicit Life(uint64_t seed) : random_(seed) {
    config_.policy.resident_cap = 1 + static_cast<int>(random_.Next() % 3);
    config_.policy.ttl_ms = 60'000;
    config_.policy.residency_ms = 20'000;
    config_.defaults[ModelKind::kTts] = "v0";
    for (int i = 0; i < 6; ++i) AddPack("v" + std::to_string(i), "tts");
    AddPack("ears", "asr");
    launcher_.load_at_once = false;
    Open();
  }
  ~Life() {
    callers_.clear();
    Close();
  }

  void Run(int64_t for_ms) {
    const int64_t until_us = clock_.NowUs() + for_ms * kMs;
    while (clock_.NowUs() < until_us && !::testing::Test::HasFailure()) {
      Step();
      executor_.RunReady();
      Check();
      executor_.AdvanceMs(static_cast<int64_t>(random_.Next() % 4'000));
      executor_.RunReady();
      Check();
    }
  }

  // Everybody goes, loads end; then time passes in peace.
  void Rest() {
    for (auto& [id, caller] : callers_) {
      if (!caller.answered) manager_->Abandon(id);
    }
    callers_.clear();
    for (int i = 0; i < 400; ++i) {
      FinishLoads(/*fail=*/false);
      executor_.AdvanceMs(1'000);
      executor_.RunReady();
      Check();
    }
    for (const auto& info : manager_->List()) {
      const auto expected = info.id == "v0" ? ModelState::kReady : ModelState::kAbsent;
      EXPECT_TRUE(info.state == expected || info.state == ModelState::kFailed)
          << info.id << " is " << ports::ModelStateName(info.state);
      if (info.id == "v0") EXPECT_EQ(info.state, ModelState::kReady) << "the default is there";
      EXPECT_EQ(info.in_use, 0);
    }
  }

  int served() const { return served_; }
  int refused() const { return refused_; }

 private:
  struct Caller {
    int64_t deadline_us = 0;
    bool answered = false;
    std::optional<ModelLease> lease;
    uint64_t instance = 0;
    bool crashed = false;  // its engine died by our hand
  };

  void Step() {
    switch (random_.Next() % 10) {
      case 0:
      case 1:
      case 2:
        return Ask();
      case 3:
      case 4:
        return FinishLoads(/*fail=*/random_.Next() % 5 == 0);
      case 5:
      case 6:
        return Release();
      case 7:
        return random_.Next() % 4 == 0 ? Crash() : Release();
      case 8:
        return random_.Next() % 4 == 0 ? Change() : FinishLoads(false);
      default:
        return Unload();
    }
  }

  void Ask() {
    const bool hears = random_.Next() % 6 == 0;
    const std::string model = hears ? "ears" : "v" + std::to_string(random_.Next() % 6);
    const int64_t deadline_us =
        clock_.NowUs() + (1'000 + static_cast<int64_t>(random_.Next() % 30'000)) * kMs;
    const auto key = std::make_shared<uint64_t>(0);
    const uint64_t id = manager_->Acquire(
        {.model = model,
         .kind = hears ? ModelKind::kAsr : ModelKind::kTts,
         .deadline_us = deadline_us},
        [this, key](Result<ModelLease> lease) { Answer(*key, std::move(lease)); });
    *key = id;
    callers_[id].deadline_us = deadline_us;
  }

  void Answer(uint64_t id, Result<ModelLease> lease) {
    ASSERT_TRUE(callers_.contains(id)) << "who has gone is not answered";
    Caller& caller = callers_[id];
    EXPECT_FALSE(caller.answered) << "each is answered once";
    caller.answered = true;
    if (!lease) {
      ++refused_;
      EXPECT_FALSE(lease.error().message.empty());
      return;
    }
    ++served_;
    EXPECT_EQ(lease->instance().state(), ModelState::kReady);
    caller.instance = lease->instance().id;
    caller.lease = std::move(*lease);
  }

  void Release() {
    if (callers_.empty()) return;
    auto at = callers_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_.Next() % callers_.size()));
    if (!at->second.answered) manager_->Abandon(at->first);
    callers_.erase(at);
  }

  void FinishLoads(bool fail) {
    for (size_t i = 0; i < launcher_.launched(); ++i) {
      if (launcher_.engine(i) == nullptr || !finished_.insert(i).second) continue;
      if (fail) {
        launcher_.engine(i)->FinishLoad(Fail(Code::kDataLoss, "damaged"));
      } else {
        launcher_.engine(i)->FinishLoad(launcher_.loaded);
      }
    }
  }

  void Crash() {
    for (size_t i = 0; i < launcher_.launched(); ++i) {
      if (launcher_.engine(i) == nullptr || !finished_.contains(i)) continue;
      for (auto& [id, caller] : callers_) {
        if (caller.lease && caller.lease->engine() == launcher_.engine(i)) caller.crashed = true;
      }
      launcher_.engine(i)->Crash("by the test");
      return;
    }
  }

  void Change() {
    catalog::Pack& pack = packs_[random_.Next() % 6];  // a voice
    pack.options["version"] = std::to_string(random_.Next());
    manager_->Reload();
  }

  void Unload() {
    manager_->Unload("v" + std::to_string(random_.Next() % 6), /*force=*/false, [](Status) {});
  }

  void Check() {
    int leases = 0;
    for (auto& [id, caller] : callers_) {
      if (!caller.answered) {
        EXPECT_GE(caller.deadline_us + kMs, clock_.NowUs()) << "a deadline is kept";
      }
      if (!caller.lease) continue;
      ++leases;
      // What is in use is neither stopped nor replaced under its caller.
      const ModelState state = caller.lease->instance().state();
      if (!caller.crashed) {
        EXPECT_TRUE(state == ModelState::kReady || state == ModelState::kDraining)
            << ports::ModelStateName(state);
        EXPECT_NE(caller.lease->engine(), nullptr);
      }
    }
    EXPECT_LE(manager_->leases(), leases);
    int voices = launcher_.living();
    for (const auto& info : manager_->List()) {
      const bool occupies = info.state != ModelState::kAbsent && info.state != ModelState::kFailed;
      if (info.kind == ModelKind::kAsr && occupies) --voices;
    }
    // Engines that failed are dying; they are none of the cap's.
    EXPECT_LE(voices, config_.policy.resident_cap) << "the cap is never overshot";
  }

  SplitMix64 random_;
  std::map<uint64_t, Caller> callers_;
  std::set<size_t> finished_;
  int served_ = 0;
  int refused_ = 0;
};

TEST(ModelSchedule, WhatMustHoldHoldsInEveryHour) {
  // Thousands of engines fail here on purpose.
  ASSERT_TRUE(log::Init("test", "off"));
  int served = 0;
  int refused = 0;
  for (uint64_t seed = 1; seed <= 20 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life life(seed);
    life.Run(kHourMs);
    life.Rest();
    served += life.served();
    refused += life.refused();
  }
  EXPECT_GT(served, 1'000) << "the schedules exercise something";
  EXPECT_GT(refused, 100);
}

TEST(ModelSchedule, AScriptedHourGoesAsTheRulesSay) {
  ASSERT_TRUE(log::Init("test", "off"));
  const testing::HourTrace hour = testing::RunScriptedHour();
  const auto second_of = [&](const std::string& what, int64_t from = 0) {
    for (const auto& moment : hour.moments) {
      if (moment.second >= from && moment.what == what) return moment.second;
    }
    return int64_t{-1};
  };
  EXPECT_EQ(second_of("a call for anna begins"), 30) << "the default is there";
  const int64_t bert_ready = second_of("bert is ready");
  EXPECT_LE(bert_ready, 65);
  EXPECT_GE(second_of("bert is absent", 60), bert_ready + 120) << "its residency is served";
  EXPECT_GE(second_of("a call for carl begins"), bert_ready + 120);
  EXPECT_EQ(second_of("a call for anna ends", 200), 500) << "no reload cuts a call";
  EXPECT_NEAR(static_cast<double>(second_of("a call for bert is refused")), 720 + 90, 1)
      << "everything is in use";
  EXPECT_NE(second_of("a call for dora begins", 1'200), -1);
  EXPECT_NE(second_of("dora is absent", 1'300), -1) << "memory goes before residency";
  EXPECT_NE(second_of("a call for mind begins", 1'300), -1);
  EXPECT_LE(second_of("anna is ready", 1'500), 1'510) << "a default comes back by itself";
  EXPECT_NE(second_of("mind is absent", 1'930), -1) << "its time to live is over";
  for (const auto& sample : hour.samples) {
    int64_t held_mb = 0;
    for (const int64_t mb : sample.memory_mb) held_mb += mb;
    EXPECT_LE(held_mb, hour.budget_mb) << sample.second;
  }
}

}  // namespace
}  // namespace parley::worker
