#include "playout/playout.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>
#include <vector>

#include "base/testing/no_alloc_scope.h"

namespace parley::playout {
namespace {

constexpr int64_t kMs = 1000;
constexpr int64_t kStart = 5'000'000;
constexpr TurnId kTurn{1};
constexpr UtteranceId kFirst{1};
constexpr UtteranceId kSecond{2};

// 24 samples a millisecond, each with a value of its own.
std::vector<int16_t> Sound(int ms, int16_t from = 0) {
  std::vector<int16_t> pcm(static_cast<size_t>(24 * ms));
  std::iota(pcm.begin(), pcm.end(), from);
  return pcm;
}

struct Sent {
  int64_t samples = 0;
  int frames = 0;
  int64_t lateness_us = 0;
  std::vector<int16_t> pcm;
};

Sent Drain(Playout& playout, int64_t now_us) {
  Sent sent;
  while (const auto frame = playout.Next(now_us)) {
    sent.samples += static_cast<int64_t>(frame->pcm.size());
    sent.pcm.insert(sent.pcm.end(), frame->pcm.begin(), frame->pcm.end());
    sent.lateness_us = std::max(sent.lateness_us, frame->lateness_us);
    ++sent.frames;
  }
  return sent;
}

TEST(Playout, NothingLeavesBeforeTheRelease) {
  Playout playout(Config{});
  playout.Hold(kTurn);
  EXPECT_TRUE(playout.Push(kTurn, kFirst, Sound(1000), kStart));
  EXPECT_EQ(Drain(playout, kStart + 1000 * kMs).samples, 0);
  EXPECT_EQ(playout.NextDueUs(kStart), std::nullopt);
  playout.Release(kTurn, kStart + 2000 * kMs);
  EXPECT_EQ(Drain(playout, kStart + 2000 * kMs).samples, 400 * 24) << "the lead, at once";
}

TEST(Playout, LeavesAheadOfRealTimeByTheLead) {
  Playout playout(Config{});
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, Sound(2000), kStart);
  playout.Release(kTurn, kStart);
  int64_t total = 0;
  for (int ms = 0; ms <= 1000; ms += 20) {
    total += Drain(playout, kStart + ms * kMs).samples;
    EXPECT_EQ(total, (400 + ms) * 24) << ms;
  }
}

TEST(Playout, ALateWakeUpIsCaughtUpInABurst) {
  Playout playout(Config{});
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, Sound(2000), kStart);
  playout.Release(kTurn, kStart);
  Drain(playout, kStart);
  const Sent sent = Drain(playout, kStart + 300 * kMs);
  EXPECT_EQ(sent.samples, 300 * 24);
  EXPECT_EQ(sent.frames, 3) << "of at most 100 ms each";
  EXPECT_GE(sent.lateness_us, 200 * kMs);
}

TEST(Playout, TellsWhenToCallAgain) {
  Playout playout(Config{});
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, Sound(1000), kStart);
  playout.Release(kTurn, kStart);
  Drain(playout, kStart);
  EXPECT_EQ(playout.NextDueUs(kStart + 3 * kMs), kStart + 20 * kMs);
  EXPECT_EQ(Drain(playout, kStart + 20 * kMs - 1).samples, 0);
  EXPECT_EQ(Drain(playout, kStart + 20 * kMs).samples, 480);
}

TEST(Playout, ThePositionFollowsRealTimeAndNeverPassesWhatWasSent) {
  Playout playout(Config{});
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, Sound(500), kStart);
  playout.Release(kTurn, kStart);
  EXPECT_EQ(Drain(playout, kStart + 10 * kMs).samples, 400 * 24);
  Position at = playout.At(kStart + 100 * kMs);
  EXPECT_EQ(at.sent, 400 * 24);
  EXPECT_EQ(at.played, 100 * 24);
  at = playout.At(kStart + 900 * kMs);
  EXPECT_EQ(at.played, at.sent);
}

TEST(Playout, AGapIsNotMadeUpForByHurrying) {
  Playout playout(Config{});
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, Sound(100), kStart);
  playout.Release(kTurn, kStart);
  Drain(playout, kStart);
  playout.Push(kTurn, kSecond, Sound(1000), kStart + 600 * kMs);  // 500 ms too late
  EXPECT_EQ(Drain(playout, kStart + 600 * kMs).samples, 400 * 24);
  EXPECT_EQ(playout.underruns(), 1);
  EXPECT_EQ(playout.At(kStart + 650 * kMs).played, 150 * 24);
}

TEST(Playout, SoundInTimeMakesNoUnderrun) {
  Playout playout(Config{});
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, Sound(100), kStart);
  playout.Release(kTurn, kStart);
  Drain(playout, kStart);
  playout.Push(kTurn, kSecond, Sound(100), kStart + 90 * kMs);
  EXPECT_EQ(Drain(playout, kStart + 90 * kMs).samples, 100 * 24);
  EXPECT_EQ(playout.underruns(), 0);
  EXPECT_EQ(playout.At(kStart + 150 * kMs).played, 150 * 24);
}

TEST(Playout, ThePartialLastFrameLeavesWhenTheTurnIsClosed) {
  Playout playout(Config{});
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, Sound(35), kStart);
  playout.Release(kTurn, kStart);
  EXPECT_EQ(Drain(playout, kStart).samples, 480);
  playout.Close(kTurn);
  EXPECT_EQ(Drain(playout, kStart).samples, 15 * 24);
}

TEST(Playout, BurstSendsEverythingAtOnceAndStillKnowsWhatIsHeard) {
  Config config;
  config.burst = true;
  Playout playout(config);
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, Sound(3000), kStart);
  playout.Release(kTurn, kStart);
  EXPECT_EQ(Drain(playout, kStart).samples, 3000 * 24);
  EXPECT_EQ(playout.At(kStart + 1000 * kMs).played, 1000 * 24);
}

TEST(Playout, DropThrowsAwayWhatIsLeftAndWhatComesLater) {
  Playout playout(Config{});
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, Sound(1000), kStart);
  playout.Release(kTurn, kStart);
  Drain(playout, kStart);
  playout.Drop(kTurn);
  EXPECT_FALSE(playout.Push(kTurn, kFirst, Sound(100), kStart + 20 * kMs));
  EXPECT_EQ(Drain(playout, kStart + 5000 * kMs).samples, 0);
  EXPECT_FALSE(playout.At(kStart).turn);
}

TEST(Playout, AReleaseEndsTheTurnBefore) {
  Playout playout(Config{});
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, Sound(1000), kStart);
  playout.Release(kTurn, kStart);
  playout.Hold(TurnId{2});
  playout.Push(TurnId{2}, kSecond, Sound(100, 7000), kStart);
  playout.Release(TurnId{2}, kStart + 50 * kMs);
  const Sent sent = Drain(playout, kStart + 50 * kMs);
  EXPECT_EQ(sent.pcm.at(0), 7000);
  EXPECT_FALSE(playout.Push(kTurn, kFirst, Sound(20), kStart));
}

TEST(Playout, TrimCutsWhatHasNotLeft) {
  Playout playout(Config{});
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, Sound(1000), kStart);
  playout.Release(kTurn, kStart);
  Drain(playout, kStart);  // 400 ms have left
  EXPECT_EQ(playout.Trim(kTurn, kFirst, 500 * 24), 500 * 24);
  EXPECT_EQ(playout.Trim(kTurn, kFirst, 100 * 24), 400 * 24) << "what has left stays";
  EXPECT_EQ(playout.Trim(kTurn, kSecond, 0), -1);
  playout.Push(kTurn, kSecond, Sound(100, 20'000), kStart);
  EXPECT_EQ(Drain(playout, kStart + 100 * kMs).pcm.at(0), 20'000);
}

TEST(Playout, CapacityIsRefusedNotExceeded) {
  Config config;
  config.capacity_ms = 1000;
  Playout playout(config);
  playout.Hold(kTurn);
  EXPECT_TRUE(playout.Push(kTurn, kFirst, Sound(900), kStart));
  EXPECT_FALSE(playout.Push(kTurn, kFirst, Sound(200), kStart));
  EXPECT_TRUE(playout.Push(kTurn, kFirst, Sound(100), kStart));
}

TEST(Playout, CreditIsWhatHasLeftOrWasThrownAway) {
  Playout playout(Config{});
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, Sound(1000), kStart);
  EXPECT_EQ(playout.TakeCredit(kTurn), 0);
  playout.Release(kTurn, kStart);
  Drain(playout, kStart);
  EXPECT_EQ(playout.TakeCredit(kTurn), 400 * 24);
  EXPECT_EQ(playout.TakeCredit(kTurn), 0);
  playout.Trim(kTurn, kFirst, 600 * 24);
  EXPECT_EQ(playout.TakeCredit(kTurn), 400 * 24);
}

TEST(Playout, AReportingClientSaysWhatItHasPlayedUntilItGoesSilent) {
  Config config;
  config.sink = Sink::kReporting;
  Playout playout(config);
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, Sound(5000), kStart);
  playout.Release(kTurn, kStart);
  Drain(playout, kStart + 500 * kMs);
  EXPECT_EQ(playout.At(kStart + 500 * kMs).played, 0);
  playout.Report(kTurn, 300 * 24, kStart + 600 * kMs);
  EXPECT_EQ(playout.At(kStart + 600 * kMs).played, 300 * 24);
  playout.Report(kTurn, 100 * 24, kStart + 650 * kMs);
  EXPECT_EQ(playout.At(kStart + 650 * kMs).played, 300 * 24) << "never back";
  playout.Report(kTurn, 99'999'999, kStart + 700 * kMs);
  EXPECT_EQ(playout.At(kStart + 700 * kMs).played, 900 * 24) << "never beyond what was sent";
  Drain(playout, kStart + 2500 * kMs);
  EXPECT_EQ(playout.At(kStart + 2500 * kMs).played, 2500 * 24) << "silent for a second";
}

TEST(Playout, TheOwnPacerSendsInRealTimeWithGain) {
  Config config;
  config.sink = Sink::kOwnPacer;
  Playout playout(config);
  playout.Hold(kTurn);
  playout.Push(kTurn, kFirst, std::vector<int16_t>(24'000, 10'000), kStart);
  playout.Release(kTurn, kStart);
  EXPECT_EQ(Drain(playout, kStart).samples, 40 * 24) << "a queue of 40 ms";
  EXPECT_EQ(playout.At(kStart + 100 * kMs).played, 40 * 24);
  playout.SetGain(-20, 0);
  const Sent quiet = Drain(playout, kStart + 20 * kMs);
  ASSERT_EQ(quiet.samples, 480);
  EXPECT_NEAR(quiet.pcm.back(), 1000, 2);
  playout.SetGain(0, 10);
  EXPECT_NEAR(Drain(playout, kStart + 40 * kMs).pcm.back(), 10'000, 2);
}

TEST(Playout, APausedTurnGoesOnWhereItWas) {
  for (const Sink sink : {Sink::kOwnPacer, Sink::kReporting, Sink::kRemote}) {
    Config config;
    config.sink = sink;
    Playout playout(config);
    playout.Hold(kTurn);
    playout.Push(kTurn, kFirst, Sound(3000), kStart);
    playout.Close(kTurn);
    playout.Release(kTurn, kStart);
    Sent before = Drain(playout, kStart + 1000 * kMs);
    const auto report = [&](int64_t ms) {
      if (sink == Sink::kReporting) playout.Report(kTurn, 1000 * 24, kStart + ms * kMs);
    };
    report(1000);
    playout.Pause(kTurn, kStart + 1000 * kMs);
    EXPECT_EQ(Drain(playout, kStart + 1800 * kMs).samples, 0);
    report(1800);
    const int64_t heard = playout.At(kStart + 1800 * kMs).played;
    playout.Resume(kTurn, kStart + 1800 * kMs);
    // The client that played on has run dry, and is given what it lacks; the others have it all.
    const int64_t lead_ms = sink == Sink::kOwnPacer ? 40 : 400;
    const int64_t heard_ms = sink == Sink::kRemote ? 1400 : sink == Sink::kReporting ? 1000 : 960;
    EXPECT_NEAR(static_cast<double>(heard), static_cast<double>(heard_ms * 24), 24 * 20);
    const Sent after = Drain(playout, kStart + 1900 * kMs);
    const int64_t due_ms = (sink == Sink::kRemote ? 400 : 0) + 1100 + lead_ms;
    EXPECT_NEAR(static_cast<double>(before.samples + after.samples),
                static_cast<double>(due_ms * 24), 24 * 40);
    EXPECT_EQ(after.pcm.front(), static_cast<int16_t>(before.pcm.back() + 1)) << "not one is lost";
    EXPECT_EQ(playout.underruns(), 0);
  }
}

TEST(Playout, TickingAllocatesNothing) {
  for (const Sink sink : {Sink::kRemote, Sink::kOwnPacer}) {
    Config config;
    config.sink = sink;
    Playout playout(config);
    playout.Hold(kTurn);
    playout.Push(kTurn, kFirst, Sound(3000), kStart);
    playout.Release(kTurn, kStart);
    int64_t samples = 0;
    const testing::NoAllocScope scope;
    for (int ms = 0; ms < 2000; ms += 7) {
      while (const auto frame = playout.Next(kStart + ms * kMs)) {
        samples += static_cast<int64_t>(frame->pcm.size());
      }
      samples += playout.NextDueUs(kStart + ms * kMs).has_value() ? 0 : 1;
      static_cast<void>(playout.At(kStart + ms * kMs));
    }
    EXPECT_EQ(scope.count(), 0u);
    EXPECT_GT(samples, 0);
  }
}

// However sound arrives and whenever the pacer wakes up: every sample leaves once, in order, never
// further ahead than the lead.
RC_GTEST_PROP(PlayoutProperty, EachSampleLeavesOnceInOrderWithinTheLead, ()) {
  Playout playout(Config{});
  playout.Hold(kTurn);
  playout.Release(kTurn, kStart);
  int64_t now_us = kStart;
  int16_t next_in = 0;
  int16_t next_out = 0;
  int64_t pushed = 0;
  int64_t sent = 0;
  for (int i = 0; i < 60; ++i) {
    now_us += *rc::gen::inRange<int64_t>(0, 80) * kMs;
    if (*rc::gen::inRange(0, 3) == 0) {
      const auto pcm = Sound(*rc::gen::inRange(1, 300), next_in);
      next_in = static_cast<int16_t>(next_in + static_cast<int16_t>(pcm.size()));
      RC_ASSERT(playout.Push(kTurn, kFirst, pcm, now_us));
      pushed += static_cast<int64_t>(pcm.size());
    }
    if (i == 58) playout.Close(kTurn);
    const Sent now = Drain(playout, now_us);
    for (const int16_t sample : now.pcm) RC_ASSERT(sample == next_out++);
    sent += now.samples;
    const Position at = playout.At(now_us);
    RC_ASSERT(at.sent == sent && at.played <= sent);
    RC_ASSERT(sent - at.played <= 400 * 24);
  }
  Drain(playout, now_us + 60'000 * kMs);
  RC_ASSERT(playout.At(now_us + 120'000 * kMs).sent == pushed);
}

}  // namespace
}  // namespace parley::playout
