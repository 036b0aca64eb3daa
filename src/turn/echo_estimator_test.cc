#include "turn/echo_estimator.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"
#include "base/testing/no_alloc_scope.h"

namespace parley::turn {
namespace {

constexpr int kPlayedHz = 24'000;
constexpr int kUplinkHz = 16'000;
constexpr int64_t kStartUs = 5'000'000;

// Loudness like speech's: syllables of 80 to 250 ms and gaps, by the seed; one gain a 10 ms step.
std::vector<float> Syllables(uint64_t seed, int ms) {
  SplitMix64 random(seed);
  std::vector<float> gains;
  while (static_cast<int>(gains.size()) < ms / 10) {
    const int loud = 8 + static_cast<int>(random.NextUniform() * 17);
    const int quiet = 3 + static_cast<int>(random.NextUniform() * 15);
    const double gain = 0.1 + 0.4 * random.NextUniform();
    gains.insert(gains.end(), static_cast<size_t>(loud), static_cast<float>(gain));
    gains.insert(gains.end(), static_cast<size_t>(quiet), 0.001f);
  }
  gains.resize(static_cast<size_t>(ms / 10));
  return gains;
}

template <class Sample>
std::vector<Sample> Sound(const std::vector<float>& gains, int rate_hz, double scale) {
  std::vector<Sample> sound;
  SplitMix64 random(99);
  for (const float gain : gains) {
    for (int i = 0; i < rate_hz / 100; ++i) {
      sound.push_back(static_cast<Sample>((random.NextUniform() * 2 - 1) * gain * scale));
    }
  }
  return sound;
}

class Room {
 public:
  void Play(uint64_t seed, int ms) {
    const auto sound = Sound<int16_t>(Syllables(seed, ms), kPlayedHz, 32767);
    estimator_.AddPlayed(kStartUs, sound, kPlayedHz);
  }
  // The uplink holds echoes of that seed's sound, and a person of another's.
  void Hear(uint64_t echo, double echo_gain, int lag_ms, uint64_t person, double person_gain,
            int ms) {
    std::vector<float> gains(static_cast<size_t>(ms / 10), 0.0003f);
    const std::vector<float> back = Syllables(echo, ms);
    const std::vector<float> own = Syllables(person, ms);
    for (size_t i = 0; i < gains.size(); ++i) {
      const size_t lag = static_cast<size_t>(lag_ms / 10);
      if (i >= lag) gains[i] += static_cast<float>(back[i - lag] * echo_gain);
      gains[i] += static_cast<float>(own[i] * person_gain);
    }
    estimator_.AddUplink(kStartUs, Sound<float>(gains, kUplinkHz, 1), kUplinkHz);
  }
  std::optional<EchoEstimator::Evidence> Judge(int from_ms, int upto_ms) const {
    return estimator_.Judge(kStartUs + from_ms * 1000, kStartUs + upto_ms * 1000);
  }
  EchoEstimator& estimator() { return estimator_; }

 private:
  EchoEstimator estimator_;
};

TEST(EchoEstimator, FindsItsOwnSoundAtAnyGainAndDelay) {
  for (const double gain : {0.5, 0.1, 0.03}) {
    for (const int lag_ms : {50, 120, 300}) {
      Room room;
      room.Play(1, 2000);
      room.Hear(1, gain, lag_ms, 2, 0, 2000);
      const auto evidence = room.Judge(500, 2000);
      ASSERT_TRUE(evidence);
      EXPECT_GT(evidence->correlation, 0.8) << gain << " " << lag_ms;
      EXPECT_NEAR(evidence->lag_ms, lag_ms, 10);
    }
  }
}

TEST(EchoEstimator, APersonIsNoEcho) {
  int taken_for_echo = 0;
  for (uint64_t seed = 10; seed < 60; ++seed) {
    Room room;
    room.Play(1, 2000);
    room.Hear(1, 0, 100, seed, 1, 2000);
    const auto evidence = room.Judge(200, 2000);
    ASSERT_TRUE(evidence);
    taken_for_echo += evidence->correlation > 0.6f;
  }
  EXPECT_LE(taken_for_echo, 2) << "of 50";
}

TEST(EchoEstimator, APersonOverAWeakEchoIsNoEcho) {
  int taken_for_echo = 0;
  for (uint64_t seed = 10; seed < 60; ++seed) {
    Room room;
    room.Play(1, 2000);
    room.Hear(1, 0.05, 100, seed, 1, 2000);
    taken_for_echo += room.Judge(200, 2000)->correlation > 0.6f;
  }
  EXPECT_LE(taken_for_echo, 3) << "of 50";
}

TEST(EchoEstimator, SilenceOnEitherSideIsNoEvidence) {
  Room quiet_agent;
  quiet_agent.Hear(1, 0, 100, 3, 1, 2000);
  EXPECT_FALSE(quiet_agent.Judge(200, 2000));
  Room quiet_person;
  quiet_person.Play(1, 2000);
  EXPECT_FALSE(quiet_person.Judge(200, 2000));
  EXPECT_FALSE(quiet_person.Judge(1900, 2000)) << "too short to say";
}

TEST(EchoEstimator, WhatWasThrownAwayWasNotPlayed) {
  Room room;
  room.Play(1, 2000);
  room.Hear(1, 0.2, 100, 2, 0, 2000);
  room.estimator().DropPlayed(kStartUs);
  EXPECT_FALSE(room.Judge(500, 2000));
}

TEST(EchoEstimator, AllocatesNothing) {
  Room room;
  const auto played = Sound<int16_t>(Syllables(1, 100), kPlayedHz, 32767);
  const auto heard = Sound<float>(Syllables(2, 100), kUplinkHz, 1);
  const parley::testing::NoAllocScope scope;
  room.estimator().AddPlayed(kStartUs, played, kPlayedHz);
  room.estimator().AddUplink(kStartUs, heard, kUplinkHz);
  (void)room.Judge(0, 100);
  EXPECT_EQ(scope.count(), 0u);
}

}  // namespace
}  // namespace parley::turn
