#include "sim/simulate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "sim/call.h"
#include "sim/shrink.h"

namespace parley::sim {
namespace {

std::string Tell(const Scores& scores) {
  std::string text;
  for (const Failure& failure : scores.failures) {
    text += "\nseed " + std::to_string(failure.seed) + " at " +
            std::to_string(failure.at_us / 1'000'000) + " s: " + failure.what;
  }
  return text;
}

TEST(Simulation, TheSeedDecidesEverything) {
  const World world;
  const Recorded once = Record(world, 7);
  const Recorded again = Record(world, 7);
  const Recorded other = Record(world, 8);
  EXPECT_GT(once.trace.steps.size(), 1000u);
  EXPECT_EQ(turn::WriteTrace(once.trace), turn::WriteTrace(again.trace));
  EXPECT_NE(turn::WriteTrace(once.trace), turn::WriteTrace(other.trace));
}

TEST(Simulation, ARecordedCallReplaysBitForBitAndBrokenDigestsShow) {
  Recorded recorded = Record(World(), 21);
  auto replayed = turn::Replay(recorded.trace);
  ASSERT_TRUE(replayed);
  EXPECT_TRUE(replayed->same());
  recorded.trace.steps[500].digest ^= 1;
  replayed = turn::Replay(recorded.trace);
  ASSERT_TRUE(replayed);
  EXPECT_EQ(replayed->first_difference, 500u);
}

// A fixed budget of seeds: what is found with others becomes a case of OnceFailed.
TEST(Simulation, NoPromiseIsBrokenAndNoCallIsStuck) {
  const Scores scores = Simulate({.first_seed = 1, .minutes = 2000});
  EXPECT_EQ(scores.violations, 0) << Tell(scores);
  EXPECT_EQ(scores.stuck, 0) << Tell(scores);
  EXPECT_EQ(scores.resume_words_lost, 0);
  EXPECT_EQ(scores.resume_words_repeated, 0);
}

// A fixed budget holds the scores only loosely; parley sim says them exactly.
TEST(Simulation, TheFloorIsKeptInEveryWorld) {
  for (const Engines& engines : {Engines::TwoCores(), Engines::SlowCores(), Engines::Gpu()}) {
    Plan plan{.first_seed = 5000, .minutes = 1200};
    plan.world.engines = engines;
    const Scores scores = Simulate(plan);
    EXPECT_LE(scores.pause_takeover.value(), 0.05);
    EXPECT_GE(scores.end_takeover.value(), 0.985);
    EXPECT_GE(scores.interruption.value(), 0.97);
    EXPECT_LE(scores.backchannel.value(), 0.03);
    EXPECT_LE(scores.cough.value(), 0.04);
    std::vector<float> stops;
    for (const Stop& stop : scores.stops) {
      if (stop.pauses && stop.near && stop.echo_free && !stop.bare) stops.push_back(stop.ms);
    }
    ASSERT_GT(stops.size(), 50u);
    std::sort(stops.begin(), stops.end());
    EXPECT_LE(stops[stops.size() * 9 / 10], 450) << "an interruption is obeyed at once";
  }
}

TEST(Simulation, AWorseWorldBreaksNothingEither) {
  Plan plan{.first_seed = 1'000'000, .minutes = 1000};
  Faults& faults = plan.world.faults;
  for (double* share :
       {&faults.mute, &faults.final_late, &faults.final_lost, &faults.final_twice,
        &faults.recognizer_dies, &faults.model_fails, &faults.model_cut, &faults.model_stalls,
        &faults.model_empty, &faults.voice_crashes, &faults.voice_fails, &faults.voice_stalls,
        &faults.voice_mute, &faults.client_cancels, &faults.client_asks, &faults.client_commits,
        &faults.client_clears, &faults.client_updates}) {
    *share = std::max(*share * 8, 0.05);
  }
  const Scores scores = Simulate(plan);
  EXPECT_EQ(scores.violations, 0) << Tell(scores);
  EXPECT_EQ(scores.stuck, 0) << Tell(scores);
}

class OnceFailed : public testing::TestWithParam<uint64_t> {};

TEST_P(OnceFailed, KeepsItsPromises) {
  const Scores scores = Call(World(), GetParam()).Run();
  EXPECT_EQ(scores.violations, 0) << Tell(scores);
  EXPECT_EQ(scores.stuck, 0) << Tell(scores);
}
INSTANTIATE_TEST_SUITE_P(Seeds, OnceFailed,
                         testing::Values(49, 57, 98, 110, 146, 152, 163, 168, 193, 197));

TEST(Shrink, LeavesTheEventsThatItTakes) {
  const Recorded recorded = Record(World(), 3);
  // "Broken": a final after which a reply was finished.
  const Breaks breaks = [](const turn::Core::Config&, Steps steps, size_t& upto) -> std::string {
    bool heard = false;
    for (size_t i = 0; i < steps.size(); ++i) {
      const turn::EventBody& body = steps[i].event.body;
      heard = heard || std::holds_alternative<turn::FinalTranscript>(body);
      if (!heard || !std::holds_alternative<turn::ReplyTextDone>(body)) continue;
      upto = i + 1;
      return "a reply after a final";
    }
    return {};
  };
  const Shrunk shrunk = Shrink(recorded.trace, breaks);
  EXPECT_EQ(shrunk.trace.steps.size(), 2u);
  EXPECT_EQ(shrunk.broken, "a reply after a final");
  EXPECT_TRUE(turn::Replay(shrunk.trace)->same());
}

TEST(Shrink, GivesBackWhatBreaksNothing) {
  const Recorded recorded = Record(World(), 3);
  const Shrunk shrunk = Shrink(recorded.trace);
  EXPECT_EQ(shrunk.broken, "");
  EXPECT_EQ(shrunk.trace.steps.size(), recorded.trace.steps.size());
  EXPECT_EQ(shrunk.replays, 1);
}

}  // namespace
}  // namespace parley::sim
