// Speech over the agent, in whole calls: what makes it pause, stop, or go on.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "turn/core.h"
#include "turn/testing/virtual_call.h"

namespace parley::turn {
namespace {

using testing::VirtualCall;

constexpr const char* kQuestion = "What is the capital of France";
constexpr const char* kTwelve = "One two three four five six seven eight nine ten eleven twelve.";

std::string Lines(const VirtualCall& call) {
  std::string all;
  for (const std::string& line : call.log()) all += line + "\n";
  return all;
}

VirtualCall::Config LongReply() {
  VirtualCall::Config config;
  config.replies = {kTwelve, "Ok."};
  return config;
}

// The reply has begun by 2500 ms and would last until 6100.
class Interrupted : public testing::VirtualCall {
 public:
  explicit Interrupted(Config config = LongReply()) : VirtualCall(std::move(config)) {
    Say(500, kQuestion);
  }
  void Finish() {
    RunUntil(14'000);
    EXPECT_EQ(violations(), std::vector<std::string>()) << Lines(*this);
  }
};

TEST(Interrupting, TheAgentIsSilentLongBeforeItIsKnownWhatWasSaid) {
  VirtualCall::Config config = LongReply();
  config.partial_latency_ms = config.final_latency_ms = 600;
  Interrupted call(config);
  call.Say(4000, "tell me about Berlin instead of Paris");
  call.Finish();
  EXPECT_LE(call.TimeOf("pause 1"), 4000 + 352) << Lines(call);
  EXPECT_GT(call.TimeOf("drop 1"), 4000 + 700) << "the words decide";
  EXPECT_EQ(call.TimeOf("speech_started 2"), call.TimeOf("drop 1"));
  EXPECT_EQ(call.CountOf("resume"), 0);
}

TEST(Interrupting, ALongBackchannelPausesTheAgentWhichThenGoesOnWhereItWas) {
  Interrupted call;
  call.Say(4000, "yeah okay", 400);
  call.Finish();
  EXPECT_EQ(call.CountOf("pause 1"), 1) << Lines(call);
  EXPECT_EQ(call.CountOf("resume 1"), 1);
  EXPECT_EQ(call.CountOf("drop"), 0);
  EXPECT_EQ(call.CountOf("speech_started"), 1);
  ASSERT_EQ(call.history().size(), 2u);
  EXPECT_EQ(call.history()[1].text, kTwelve);
  EXPECT_FALSE(call.history()[1].cut);
  const int64_t silent_ms = call.TimeOf("resume 1") - call.TimeOf("pause 1");
  EXPECT_LE(silent_ms, 600) << "250 ms of voice, then the recognizer's 300";
  EXPECT_EQ(call.records().at(0).played_samples, 12 * 300 * 24) << "not a sample lost";
}

TEST(Interrupting, ACoughDoesNotEvenPauseTheAgent) {
  Interrupted call;
  call.Noise(4000, 200);
  call.Finish();
  EXPECT_EQ(call.CountOf("gain -15"), 1) << Lines(call);
  EXPECT_EQ(call.CountOf("pause") + call.CountOf("drop"), 0);
}

TEST(Interrupting, WordsThatComeAfterTheVoiceStillStopTheAgent) {
  VirtualCall::Config config = LongReply();
  config.partial_latency_ms = config.final_latency_ms = 400;
  Interrupted call(config);
  call.Say(4000, "tell Berlin", 200);
  call.Finish();
  EXPECT_EQ(call.CountOf("resume"), 0) << "it waits for them, silent\n" << Lines(call);
  EXPECT_EQ(call.CountOf("drop 1"), 1);
}

TEST(Interrupting, ASilentRecognizerDoesNotKeepTheAgentSilent) {
  VirtualCall::Config config = LongReply();
  config.recognizer_answers = false;
  VirtualCall call(config);
  call.At(100, [&] { call.Send(ClientCreateResponse{}); });
  call.Noise(2000, 500);
  call.RunUntil(10'000);
  EXPECT_EQ(call.violations(), std::vector<std::string>()) << Lines(call);
  EXPECT_EQ(call.CountOf("pause 1"), 1) << Lines(call);
  EXPECT_NEAR(static_cast<double>(call.TimeOf("resume 1")), 2500 + 600, 64);
  EXPECT_EQ(call.CountOf("response_done 1 completed"), 1);
}

TEST(Interrupting, WhereSoundStopsComingThePauseEndsAllTheSame) {
  VirtualCall::Config config = LongReply();
  config.recognizer_answers = false;
  VirtualCall call(config);
  call.At(100, [&] { call.Send(ClientCreateResponse{}); });
  call.Noise(2000, 20'000);
  call.At(2400, [&] { call.Mute(true); });
  call.RunUntil(10'000);
  EXPECT_EQ(call.violations(), std::vector<std::string>()) << Lines(call);
  EXPECT_EQ(call.CountOf("pause 1"), 1) << Lines(call);
  EXPECT_LE(call.TimeOf("resume 1") - call.TimeOf("pause 1"), 3500);
  EXPECT_EQ(call.CountOf("response_done 1 completed"), 1);
}

TEST(Interrupting, WithoutARecognizerVoiceAloneStops) {
  VirtualCall::Config config = LongReply();
  config.core.facts.recognizer = config.recognizer_answers = false;
  VirtualCall call(config);
  call.At(100, [&] { call.Send(ClientCreateResponse{}); });
  call.Noise(2000, 900);
  call.RunUntil(8000);
  EXPECT_EQ(call.violations(), std::vector<std::string>()) << Lines(call);
  EXPECT_LE(call.TimeOf("drop 1"), 2000 + 400) << Lines(call);
}

}  // namespace
}  // namespace parley::turn
