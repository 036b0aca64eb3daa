#include "turn/trace.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace parley::turn {
namespace {

// A question that is answered, with events of many kinds.
std::vector<EventBody> SomeEvents() {
  std::vector<EventBody> events;
  for (int i = 0; i < 40; ++i) events.push_back(VoiceActivity{0.9f, -30});
  events.push_back(PartialTranscript{SegmentId{1}, 15'000, "what is", 1});
  for (int i = 0; i < 8; ++i) events.push_back(VoiceActivity{0.1f, -60});
  events.push_back(EndOfTurnScore{PauseId{1}, 0.95f});
  events.push_back(FinalTranscript{SegmentId{1}, FlushId{1}, 0, 24'576, "What is the capital?"});
  events.push_back(ReplyText{TurnId{1}, "It is Paris, as “everyone” knows."});
  events.push_back(ReplyTextDone{TurnId{1}});
  events.push_back(SpeechReady{TurnId{1}, UtteranceId{1}});
  events.push_back(SpeechMark{TurnId{1}, UtteranceId{1}, 5, 9600});
  events.push_back(Played{TurnId{1}, 9600, 4800});
  events.push_back(SessionUpdate{.facts = {.echo_free = true}});
  events.push_back(ClientCancel{});
  events.push_back(Deadline{DeadlineId::kIdle});
  return events;
}

std::string Recording(size_t bytes_max = 1 << 20) {
  Core::Config config;
  config.detection.mode = DetectionMode::kSemanticVad;
  config.policy.wants_more_ms = 250;
  config.language = "de";
  TraceWriter writer(config, bytes_max);
  const auto core = *Core::Create(config);
  Event event{.now_us = 5'000'000};
  std::string bytes;
  for (EventBody& body : SomeEvents()) {
    event.now_us += 32'000;
    if (std::holds_alternative<VoiceActivity>(body)) event.uplink_sample += 512;
    event.body = std::move(body);
    writer.Add(event, core->Step(event));
    bytes += writer.Take();
  }
  return bytes;
}

TEST(Trace, IsReadAsItWasWritten) {
  const std::string bytes = Recording();
  const auto trace = ParseTrace(bytes);
  ASSERT_TRUE(trace) << trace.error().message;
  EXPECT_EQ(trace->config.policy.wants_more_ms, 250);
  EXPECT_EQ(trace->config.language, "de");
  EXPECT_EQ(trace->config.detection.mode, DetectionMode::kSemanticVad);
  ASSERT_EQ(trace->steps.size(), SomeEvents().size());
  EXPECT_FALSE(trace->cut);
  EXPECT_EQ(Describe(trace->steps[40].event.body),
            "PartialTranscript segment=1 upto_sample=15000 text=\"what is\" stable_words=1");
  EXPECT_EQ(WriteTrace(*trace), bytes);
}

TEST(Trace, RunsAgainBitForBit) {
  const auto trace = ParseTrace(Recording());
  ASSERT_TRUE(trace);
  size_t actions_seen = 0;
  const auto replayed = Replay(*trace, [&](size_t, const Event&, std::span<const Action> actions) {
    actions_seen += actions.size();
  });
  ASSERT_TRUE(replayed);
  EXPECT_TRUE(replayed->same());
  EXPECT_EQ(replayed->broken, "");
  EXPECT_GT(actions_seen, 10u);
}

TEST(Trace, ADifferentCoreIsNoticedAtItsFirstDifferentStep) {
  auto trace = ParseTrace(Recording());
  ASSERT_TRUE(trace);
  trace->config.policy.offset_ms = 160;  // the offset comes two windows later
  const auto replayed = Replay(*trace);
  ASSERT_TRUE(replayed);
  EXPECT_FALSE(replayed->same());
  EXPECT_NEAR(static_cast<double>(replayed->first_difference), 43, 2);
}

TEST(Trace, ABoundedOneIsTheBeginning) {
  const std::string whole = Recording();
  const std::string bounded = Recording(900);
  EXPECT_LE(bounded.size(), 900u);
  EXPECT_EQ(whole.substr(0, bounded.size()), bounded);
  const auto trace = ParseTrace(bounded);
  ASSERT_TRUE(trace);
  EXPECT_TRUE(Replay(*trace)->same());
}

TEST(Trace, AFileThatWasCutOffGivesWhatIsWhole) {
  const std::string whole = Recording();
  const auto all = ParseTrace(whole)->steps.size();
  const auto cut = ParseTrace(std::string_view(whole).substr(0, whole.size() - 3));
  ASSERT_TRUE(cut) << cut.error().message;
  EXPECT_TRUE(cut->cut);
  EXPECT_EQ(cut->steps.size(), all - 1);
}

TEST(Trace, ForeignBytesAreRefusedWithAReason) {
  EXPECT_NE(ParseTrace("hello").error().message.find("no recorded conversation"),
            std::string::npos);
  std::string newer = Recording();
  newer[kTraceMagic.size()] = 9;
  EXPECT_NE(ParseTrace(newer).error().message.find("version 9"), std::string::npos);
  std::string wrong = Recording();
  const size_t first_event = TraceWriter(ParseTrace(wrong)->config, 1 << 20).bytes();
  wrong[first_event] = 0x7f;  // there are not so many kinds of events
  EXPECT_NE(ParseTrace(wrong).error().message.find("cannot be"), std::string::npos);
}

TEST(Trace, CountsThatNoLifeIsLongEnoughForAreRefused) {
  Trace trace = *ParseTrace(Recording());
  trace.steps.resize(1);
  trace.steps[0].event.body = Played{TurnId{1}, int64_t{1} << 46, 0};
  EXPECT_FALSE(ParseTrace(WriteTrace(trace)));
  trace.steps[0].event.body = Played{TurnId{1}, int64_t{1} << 40, 0};
  EXPECT_TRUE(ParseTrace(WriteTrace(trace)));
  trace.steps[0].event.now_us = int64_t{1} << 46;
  EXPECT_FALSE(ParseTrace(WriteTrace(trace)));
}

TEST(Trace, EveryFieldOfAnActionCounts) {
  const auto digest = [](const Action& action) { return DigestOf(std::span(&action, 1)); };
  EXPECT_NE(digest(SetGain{-15, 10}), digest(SetGain{-15, 11}));
  EXPECT_NE(digest(Speak{TurnId{1}, UtteranceId{1}, "a", "b"}),
            digest(Speak{TurnId{1}, UtteranceId{1}, "ab", ""}));
  EXPECT_NE(digest(Notify{ResponseDone{TurnId{1}}}),
            digest(Notify{ResponseDone{TurnId{1}, ResponseStatus::kFailed}}));
}

}  // namespace
}  // namespace parley::turn
