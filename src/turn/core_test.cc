#include "turn/core.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "turn/testing/virtual_call.h"

namespace parley::turn {
namespace {

using testing::VirtualCall;
using Entry = VirtualCall::HistoryEntry;

std::string Lines(const VirtualCall& call) {
  std::string all;
  for (const std::string& line : call.log()) all += line + "\n";
  return all;
}

void ExpectSound(const VirtualCall& call) {
  EXPECT_EQ(call.violations(), std::vector<std::string>()) << Lines(call);
}

VirtualCall::Config ServerVad() {
  VirtualCall::Config config;
  config.core.detection.mode = DetectionMode::kServerVad;
  return config;
}

constexpr const char* kQuestion = "What is the capital of France";

TEST(Core, AnswersAQuestionUnderServerVad) {
  VirtualCall call(ServerVad());
  call.Say(500, kQuestion);  // until 2000 ms
  call.RunUntil(8000);
  ExpectSound(call);
  EXPECT_NEAR(call.TimeOf("speech_started 1"), 560, 40);
  EXPECT_NEAR(call.TimeOf("speech_stopped 1"), 2500, 50);
  EXPECT_EQ(call.TimeOf("committed 1"), call.TimeOf("speech_stopped 1"));
  EXPECT_GT(call.TimeOf("first_frame 1"), 2500);
  EXPECT_EQ(call.CountOf("response_done 1 completed"), 1);
  EXPECT_EQ(call.history(), (std::vector<Entry>{{"user", kQuestion},
                                                {"agent", "The capital of France is Paris."}}));
}

TEST(Core, TheRecognizerIsFlushedAtTheBeginningOfTheSilence) {
  VirtualCall call(ServerVad());
  call.Say(500, kQuestion);
  call.RunUntil(8000);
  EXPECT_NEAR(call.TimeOf("flush"), 2100, 40) << "100 ms of silence, long before the end at 500";
  EXPECT_EQ(call.CountOf("flush"), 1) << "the early one covers all speech";
  EXPECT_LE(call.TimeOf("start_reply") - call.TimeOf("speech_stopped"), 0)
      << "the final was there when the end was decided";
}

// A speaker whose plosives look like pauses uses up the early flushes.
TEST(Core, ARealPauseIsFlushedHoweverManyWentBefore) {
  VirtualCall::Config config;
  config.score = 0.1f;
  VirtualCall call(config);
  for (int i = 0; i < 4; ++i) call.Say(500 + i * 410, "word", 250);
  const int64_t end_ms = 500 + 3 * 410 + 250;
  call.RunUntil(8000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("flush"), 4) << Lines(call);
  EXPECT_LE(call.TimeOf("flush", 3), end_ms + 192 + 32);
  EXPECT_GE(call.TimeOf("speech_stopped"), end_ms + 700);
}

TEST(Core, AModelThatAnswersQuicklyIsAskedMoreOften) {
  VirtualCall::Config quick;
  quick.score = 0.1f;
  quick.score_latency_ms = 60;
  VirtualCall::Config slow = quick;
  slow.score_latency_ms = 250;
  VirtualCall often(quick);
  VirtualCall seldom(slow);
  for (VirtualCall* call : {&often, &seldom}) {
    call->Say(500, kQuestion);
    call->RunUntil(2000 + 1000);
  }
  EXPECT_GE(often.CountOf("ask_end_of_turn"), 6) << Lines(often);
  EXPECT_LE(seldom.CountOf("ask_end_of_turn"), 3) << Lines(seldom);
}

TEST(Core, ALikelyEndIsAnsweredSoonerThanAnUnlikelyOne) {
  VirtualCall::Config sure;
  sure.score = 0.95f;
  VirtualCall::Config unsure;
  unsure.score = 0.1f;
  VirtualCall quick(sure);
  VirtualCall slow(unsure);
  for (VirtualCall* call : {&quick, &slow}) {
    call->Say(500, kQuestion);
    call->RunUntil(8000);
    ExpectSound(*call);
  }
  EXPECT_LE(quick.TimeOf("speech_stopped"), 2000 + 450);
  EXPECT_GE(slow.TimeOf("speech_stopped"), 2000 + 1000);
}

TEST(Core, TheLatencyBudgetOfThePolicyAloneIsSmall) {
  VirtualCall::Config config;
  config.final_latency_ms = 350;
  config.score_latency_ms = 250;
  config.reply_first_ms = 50;
  config.speech_first_ms = 200;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.RunUntil(8000);
  ExpectSound(call);
  EXPECT_LE(call.TimeOf("first_frame 1") - 2000, 900) << Lines(call);
}

TEST(Core, SpeculationBringsTheAnswerForward) {
  VirtualCall::Config config;
  config.score = 0.6f;  // likely, not certain: the end is decided later than the draft begins
  config.final_latency_ms = 100;
  config.core.facts.speculation = true;
  VirtualCall with(config);
  config.core.facts.speculation = false;
  VirtualCall without(config);
  for (VirtualCall* call : {&with, &without}) {
    call->Say(500, kQuestion);
    call->RunUntil(8000);
    ExpectSound(*call);
    EXPECT_EQ(call->CountOf("response_done 1 completed"), 1) << Lines(*call);
  }
  EXPECT_EQ(with.CountOf("promote_draft"), 1) << Lines(with);
  EXPECT_EQ(with.records().at(0).draft, DraftOutcome::kHit);
  EXPECT_LT(with.TimeOf("first_frame"), without.TimeOf("first_frame") - 100);
}

TEST(Core, ADraftOfOtherWordsIsDroppedUnheard) {
  VirtualCall::Config config;
  config.score = 0.6f;
  config.final_latency_ms = 60;
  config.core.facts.speculation = true;
  VirtualCall call(config);
  call.Say(500, "What is the capital");
  call.Say(1900, "town of France");  // after 400 ms of pause
  call.RunUntil(9000);
  ExpectSound(call);
  EXPECT_GE(call.CountOf("drop_draft"), 1) << Lines(call);
  EXPECT_EQ(call.history().at(0).text, "What is the capital town of France");
  EXPECT_EQ(call.CountOf("response_created"), 1);
}

// Peers' fault 1: the first piece's transcript is taken for the whole turn.
TEST(Core, AFragmentIsNotAnswered) {
  VirtualCall::Config config;
  config.score = 0.2f;
  config.final_latency_ms = 500;  // comes when speech has resumed
  VirtualCall call(config);
  call.Say(500, "Hold on");
  call.Say(1500, "can you say that again please");
  call.RunUntil(9000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("response_created"), 1) << Lines(call);
  EXPECT_EQ(call.history().at(0), (Entry{"user", "Hold on can you say that again please"}));
}

// Peers' fault 2: late text of an answered turn counts as a new one and cuts the running reply.
TEST(Core, LateTextOfAnAnsweredTurnOnlyCorrectsHistory) {
  VirtualCall::Config config;
  config.recognizer_answers = false;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.At(1900, [&] {
    call.Send(PartialTranscript{SegmentId{1}, 31'500, "What is the capital", 3});
  });
  call.At(6000, [&] {
    call.Send(FinalTranscript{SegmentId{1}, FlushId{1}, 0, 33'000, "What is the capital of France",
                              false});
  });
  call.RunUntil(9000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("response_created"), 1) << Lines(call);
  EXPECT_EQ(call.CountOf("response_done 1 completed"), 1);
  EXPECT_EQ(call.history().at(0), (Entry{"user", "What is the capital of France"}));
}

// Peers' fault 3: a slow recognizer's turn is closed empty, and its text starts another.
TEST(Core, ASilentRecognizerLeavesTheLastPartial) {
  VirtualCall::Config config;
  config.recognizer_answers = false;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.At(1900, [&] {
    call.Send(PartialTranscript{SegmentId{1}, 31'500, "What is the capital", 3});
  });
  call.RunUntil(9000);
  ExpectSound(call);
  const int64_t decided = call.TimeOf("speech_stopped");
  EXPECT_EQ(call.TimeOf("response_created"), decided)
      << "there are words, so it is created at once";
  EXPECT_NEAR(call.TimeOf("start_reply"), decided + 1500, 20);
  EXPECT_EQ(call.CountOf("transcript 1 [What is the capital]"), 1);
}

// Under server_vad not a word is known, under semantic_vad a partial that stops before the end.
TEST(Core, ABusyRecognizerIsWaitedForWhileWordsAreMissing) {
  for (const DetectionMode mode : {DetectionMode::kServerVad, DetectionMode::kSemanticVad}) {
    VirtualCall::Config config;
    config.core.detection.mode = mode;
    config.final_latency_ms = 3000;
    VirtualCall call(config);
    call.Say(500, kQuestion);
    call.RunUntil(12'000);
    ExpectSound(call);
    EXPECT_EQ(call.CountOf(std::string("transcript 1 [") + kQuestion + "]"), 1) << Lines(call);
    EXPECT_EQ(call.CountOf("response_done 1 completed"), 1);
  }
}

// "What is the capital of" asks for more; that "France" followed is known though not yet heard.
TEST(Core, WordsThatSpeechWentOnAfterDoNotAskForMore) {
  VirtualCall::Config config;
  config.score = 0.95f;
  config.final_latency_ms = 700;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.RunUntil(8000);
  ExpectSound(call);
  EXPECT_LE(call.TimeOf("speech_stopped"), 2000 + 450) << Lines(call);
}

TEST(Core, WithoutAnyWordsNothingIsSaid) {
  VirtualCall call(ServerVad());
  call.Noise(500, 400);
  call.RunUntil(9000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("transcript 1 []"), 1) << Lines(call);
  EXPECT_EQ(call.CountOf("response_created"), 0);
  EXPECT_TRUE(call.history().empty());
}

// Peers' fault 4: unheard text in the history, or the heard part lost too.
TEST(Core, AnInterruptedReplyIsRememberedAsFarAsItWasHeard) {
  VirtualCall::Config config;
  config.replies = {"One two three four five six seven eight nine ten. Eleven twelve thirteen.",
                    "Ok."};
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.Say(4200, "please talk about Berlin instead");
  call.RunUntil(12'000);
  ExpectSound(call);
  ASSERT_EQ(call.CountOf("response_done 1"), 1) << Lines(call);
  const int64_t heard_ms = call.TimeOf("pause 1") - call.TimeOf("first_frame 1");
  std::string heard;
  const std::vector<std::string> words = {"One", "two",   "three", "four", "five",
                                          "six", "seven", "eight", "nine", "ten."};
  for (int64_t i = 0; i < heard_ms / 300; ++i) {
    heard += (i ? " " : "") + words[static_cast<size_t>(i)];
  }
  ASSERT_GE(call.prompts().size(), 2u);
  EXPECT_EQ(call.prompts()[1], "user: What is the capital of France\nagent: " + heard +
                                   "—\nuser: please talk about Berlin instead\n");
}

TEST(Core, TheAgentDucksAtOnceAndStopsOnEvidence) {
  VirtualCall::Config config;
  config.replies = {"One two three four five six seven eight nine ten eleven twelve.", "Ok."};
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.RunUntil(3500);
  ASSERT_EQ(call.CountOf("first_frame 1"), 1);
  call.Say(3500, "stop talking right now please");
  call.RunUntil(12'000);
  ExpectSound(call);
  EXPECT_NEAR(call.TimeOf("gain -15"), 3500 + 64, 40) << Lines(call);
  EXPECT_LE(call.TimeOf("pause 1"), 3500 + 350) << "silent before its words are known";
  EXPECT_EQ(call.TimeOf("speech_started 2"), call.TimeOf("drop 1"))
      << "announced with the evidence, not before";
}

TEST(Core, ServerVadStopsAtOnset) {
  VirtualCall::Config config = ServerVad();
  config.replies = {"One two three four five six seven eight nine ten eleven twelve.", "Ok."};
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.Say(4000, "stop that");
  call.RunUntil(12'000);
  ExpectSound(call);
  EXPECT_LE(call.TimeOf("drop 1") - 4000, 110) << Lines(call);
  EXPECT_EQ(call.CountOf("response_done 1 cancelled turn_detected") +
                call.CountOf("response_done 1 completed"),
            1);
}

TEST(Core, ABackchannelDoesNotInterrupt) {
  VirtualCall::Config config;
  config.replies = {"One two three four five six seven eight nine ten eleven twelve."};
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.Say(4000, "mhm", 220);
  call.RunUntil(12'000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("gain -15"), 1) << Lines(call);
  EXPECT_GE(call.CountOf("gain 0"), 1);
  EXPECT_EQ(call.CountOf("drop"), 0);
  EXPECT_EQ(call.CountOf("speech_started"), 1) << "what is never announced leaves no events";
  EXPECT_EQ(call.history().size(), 2u);
  EXPECT_EQ(call.history()[1].text, config.replies[0]);
}

TEST(Core, AShortStopInterruptsWhenItsWordIsKnown) {
  VirtualCall::Config config;
  config.replies = {"One two three four five six seven eight nine ten eleven twelve.", "Ok."};
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.Say(4000, "stop", 200);
  call.RunUntil(12'000);
  ExpectSound(call);
  EXPECT_LE(call.TimeOf("drop 1"), 4000 + 200 + 150 + 400) << Lines(call);
  EXPECT_EQ(call.CountOf("transcript 2 [stop]"), 1);
}

TEST(Core, TheWordListsFollowTheLanguage) {
  for (const char* language : {"en", "de"}) {
    VirtualCall::Config config;
    config.replies = {"Eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf."};
    VirtualCall call(config);
    SessionUpdate update{config.core.detection, config.core.facts, language};
    call.At(100, [&] { call.Send(update); });
    call.Say(500, kQuestion);
    call.Say(4000, "halt", 200);
    call.RunUntil(12'000);
    ExpectSound(call);
    EXPECT_EQ(call.CountOf("drop 1"), language == std::string_view("de") ? 1 : 0) << Lines(call);
  }
}

TEST(Core, UnlessTheClientHasNoEchoOnlyWordsStopAtFirst) {
  VirtualCall::Config config;
  config.core.facts.echo_free = false;
  config.replies = {"One two three four five six seven eight nine ten eleven twelve."};
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.Noise(3500, 900);
  call.RunUntil(12'000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("drop"), 0) << Lines(call);
  EXPECT_EQ(call.CountOf("response_done 1 completed"), 1);
}

TEST(Core, ItsOwnWordsDoNotInterruptTheAgent) {
  VirtualCall::Config config;
  config.core.facts.echo_free = false;
  config.replies = {"The quick brown fox jumps over the lazy dog again and again."};
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.Say(3600, "quick brown fox jumps", 200);
  call.RunUntil(12'000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("drop"), 0) << Lines(call);
  EXPECT_EQ(call.CountOf("response_created"), 1);
}

TEST(Core, SpeechBeforeTheReplyWasHeardIsAnsweredTogetherWithWhatWentBefore) {
  VirtualCall::Config config;
  config.reply_first_ms = 900;
  config.score = 0.95f;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.Say(2700, "and of Spain too");  // decided about 2400, no reply yet
  call.RunUntil(12'000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("response_done 1 cancelled turn_detected"), 1) << Lines(call);
  EXPECT_EQ(call.prompts().back(), "user: What is the capital of France\nuser: and of Spain too\n");
  EXPECT_EQ(call.CountOf("response_done 2 completed"), 1);
}

TEST(Core, AReplyIsHeldWhileTheUserSpeaksAndDroppedWhenHeldTooLong) {
  VirtualCall::Config config;
  config.reply_first_ms = 600;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.Noise(2700, 4000);  // nothing recognized in it
  call.RunUntil(15'000);
  ExpectSound(call);
  const int64_t dropped = call.TimeOf("response_done 1 cancelled turn_detected");
  EXPECT_GT(dropped, 2700 + 1500) << Lines(call);
  EXPECT_LT(dropped, 2700 + 2100);
  EXPECT_GT(call.TimeOf("first_frame 2"), 6700) << "the question is answered after the noise";
}

TEST(Core, NothingIsSaidWhileTheUserSpeaks) {
  VirtualCall::Config config = ServerVad();
  config.core.detection.interrupt_response = false;
  config.reply_first_ms = 600;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.Noise(2700, 600);
  call.RunUntil(15'000);
  ExpectSound(call);
  EXPECT_GE(call.TimeOf("first_frame"), 3300) << Lines(call);
}

TEST(Core, AnUninterruptibleReplyIsSpokenToItsEndAndOneMoreWaitsBehindIt) {
  VirtualCall::Config config = ServerVad();
  config.core.detection.interrupt_response = false;
  config.replies = {"One two three four five six seven eight nine ten eleven twelve.", "Ok then."};
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.Say(4000, "and what of Spain");
  call.RunUntil(15'000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("drop"), 0) << Lines(call);
  EXPECT_EQ(call.CountOf("response_done 1 completed"), 1);
  EXPECT_GE(call.TimeOf("first_frame 2"), call.TimeOf("first_frame 1") + 12 * 300);
}

TEST(Core, SpeechIntoALegalNoticeIsHeardButNotObeyed) {
  for (const DetectionMode mode : {DetectionMode::kSemanticVad, DetectionMode::kServerVad}) {
    VirtualCall::Config config;
    config.core.detection.mode = mode;
    config.replies = {"One two three four five six seven eight nine ten eleven twelve.", "Ok."};
    VirtualCall call(config);
    call.At(100, [&] { call.Send(ClientCreateResponse{.interruptible = false}); });
    call.Say(1500, "stop stop I do not want this");
    call.RunUntil(12'000);
    ExpectSound(call);
    EXPECT_EQ(call.CountOf("drop 1") + call.CountOf("gain -15"), 0) << Lines(call);
    EXPECT_EQ(call.CountOf("response_done 1 completed"), 1);
    EXPECT_GE(call.TimeOf("speech_started"), call.TimeOf("response_done 1"))
        << "a client drops its sound when speech is announced";
    EXPECT_EQ(call.prompts().back(),
              "agent: One two three four five six seven eight nine ten eleven twelve.\n"
              "user: stop stop I do not want this\n");
    EXPECT_EQ(call.CountOf("response_done 2 completed"), 1);
  }
}

TEST(Core, ASilentLanguageModelEndsInTheApology) {
  VirtualCall::Config config;
  config.reply_answers = false;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.RunUntil(15'000);
  ExpectSound(call);
  EXPECT_NEAR(call.TimeOf("apology"), call.TimeOf("start_reply") + 5000, 30) << Lines(call);
  EXPECT_EQ(call.CountOf("response_done 1 failed no_reply"), 1);
  EXPECT_EQ(call.history().size(), 1u) << "an apology is not the agent's words";
  EXPECT_GT(call.TimeOf("response_done 1"), call.TimeOf("first_frame 1"));
}

TEST(Core, AFailedVoiceGoesOnFromTheFirstUnheardWord) {
  VirtualCall::Config config;
  config.replies = {"One two three four five six seven eight nine ten."};
  config.speech_speed = 1;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.RunUntil(4200);
  const int64_t speak_ms = call.TimeOf("speak 1");
  ASSERT_GT(speak_ms, 0);
  const int64_t words_made = (4200 - speak_ms - 150) / 300;
  ASSERT_GE(words_made, 3);
  call.Send(SpeechFailed{TurnId{1}, UtteranceId{1}, words_made * 7200, true, true, "engine died"});
  call.RunUntil(12'000);
  EXPECT_EQ(call.CountOf("speak 1"), 2) << Lines(call);
  const std::vector<std::string> words = {"One", "two",   "three", "four", "five",
                                          "six", "seven", "eight", "nine", "ten."};
  std::string rest;
  for (size_t i = static_cast<size_t>(words_made); i < words.size(); ++i) {
    rest += (rest.empty() ? "" : " ") + words[i];
  }
  EXPECT_EQ(call.CountOf("speak 1 " + rest), 1) << Lines(call);
  EXPECT_EQ(call.records().size(), 0u + (call.CountOf("response_done 1") ? 1 : 0));
}

TEST(Core, AVoiceThatFailsForGoodEndsTheTurn) {
  VirtualCall::Config config;
  config.replies = {"One two three four five six."};
  config.speech_first_ms = 3000;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.RunUntil(3500);
  call.Send(SpeechFailed{TurnId{1}, UtteranceId{1}, 0, false, true, "no such voice"});
  call.RunUntil(14'000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("apology"), 1) << Lines(call);
  EXPECT_EQ(call.CountOf("response_done 1 failed no_speech"), 1);
}

TEST(Core, AVoiceThatMakesNoSoundIsApologizedFor) {
  VirtualCall::Config config;
  config.replies = {"One."};
  config.speech_first_ms = 3000;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.RunUntil(3500);
  call.Send(SpeechDone{TurnId{1}, UtteranceId{1}, 0});
  call.RunUntil(14'000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("apology"), 1) << Lines(call);
  EXPECT_EQ(call.CountOf("response_done 1 failed no_speech"), 1);
}

TEST(Core, AReplyWithoutWordsCompletesWithoutASound) {
  VirtualCall::Config config;
  config.replies = {""};
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.RunUntil(9000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("response_done 1 completed"), 1) << Lines(call);
  EXPECT_EQ(call.CountOf("response_started"), 0);
}

TEST(Core, WithoutDetectionTheClientRunsTheTurns) {
  VirtualCall::Config config;
  config.core.detection.mode = DetectionMode::kNone;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.At(50, [&] { call.Send(ClientCommit{}); });
  call.At(2200, [&] {
    call.Send(ClientCommit{});
    call.Send(ClientCreateResponse{});
  });
  call.RunUntil(9000);
  ExpectSound(call);
  EXPECT_EQ(call.TimeOf("rejected 0"), 50) << "less than 100 ms";
  EXPECT_EQ(call.CountOf("speech_st"), 0);
  EXPECT_EQ(call.TimeOf("committed 1"), 2200);
  EXPECT_EQ(call.TimeOf("response_created 1"), 2200);
  EXPECT_EQ(call.prompts().at(0), "user: What is the capital of France\n");
  EXPECT_EQ(call.CountOf("response_done 1 completed"), 1);
}

TEST(Core, OneResponseAtATimeAndALateCancelAreRejected) {
  VirtualCall::Config config = ServerVad();
  VirtualCall call(config);
  call.At(100, [&] {
    call.Send(ClientCancel{});
    call.Send(ClientCreateResponse{});
    call.Send(ClientCreateResponse{});
  });
  call.At(600, [&] { call.Send(ClientCancel{}); });
  call.RunUntil(5000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("rejected 2"), 1) << Lines(call);
  EXPECT_EQ(call.CountOf("rejected 1"), 1);
  EXPECT_EQ(call.CountOf("response_done 1 cancelled client_cancelled"), 1);
}

TEST(Core, AResponseAskedForWhileTheLastOnePlaysWaitsBehindIt) {
  VirtualCall::Config config = ServerVad();
  config.replies = {"One two three four five six seven eight."};
  config.lead_ms = 3000;
  VirtualCall call(config);
  call.At(100, [&] { call.Send(ClientCreateResponse{}); });
  call.RunUntil(1500);
  ASSERT_EQ(call.CountOf("response_done 1 completed"), 1) << Lines(call);
  call.Send(ClientCreateResponse{});
  call.RunUntil(9000);
  ExpectSound(call);
  EXPECT_GE(call.TimeOf("first_frame 2"), call.TimeOf("first_frame 1") + 8 * 300) << Lines(call);
}

TEST(Core, AReplyBehindAnInterruptedOneIsHeldWithADeadline) {
  VirtualCall::Config config;
  config.core.facts.echo_free = true;
  config.lead_ms = 3000;
  config.speech_speed = 20;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.RunUntil(3600);
  ASSERT_EQ(call.CountOf("response_done 1 completed"), 1) << "sent whole, still playing";
  call.Send(ClientCreateResponse{});
  call.Say(4000, "no tell me about Spain and about all the cities in Spain");
  call.RunUntil(12'000);
  EXPECT_EQ(call.CountOf("drop 1"), 1) << Lines(call);
  ExpectSound(call);
}

// An interruption ends the reply that is heard and the one behind it in one step.
TEST(Core, TwoTurnsThatEndTogetherHaveARecordEach) {
  VirtualCall::Config config = ServerVad();
  config.replies = {"One two three four five six seven eight."};
  config.lead_ms = 3000;
  VirtualCall call(config);
  call.At(100, [&] { call.Send(ClientCreateResponse{}); });
  call.RunUntil(1500);
  ASSERT_EQ(call.CountOf("response_done 1 completed"), 1) << Lines(call);
  call.Send(ClientCreateResponse{});
  call.Say(1600, kQuestion);
  call.RunUntil(2000);
  ExpectSound(call);
  ASSERT_EQ(call.records().size(), 2u) << Lines(call);
  EXPECT_EQ(call.records()[0].turn, TurnId{1});
  EXPECT_EQ(call.records()[1].turn, TurnId{2});
}

TEST(Core, ATruncateCutsTheHistoryOfATurnThatHasEnded) {
  VirtualCall::Config config = ServerVad();
  config.replies = {"One two three four five six seven eight."};
  VirtualCall call(config);
  call.At(100, [&] { call.Send(ClientCreateResponse{}); });
  call.RunUntil(6000);
  EXPECT_EQ(call.history().at(0), (Entry{"agent", "One two three four five six seven eight."}));
  call.Send(ClientTruncate{TurnId{1}, 24 * 950});
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("truncated 1 [One two three]"), 1) << Lines(call);
  EXPECT_EQ(call.history().at(0), (Entry{"agent", "One two three", true}));
  call.Send(ClientTruncate{TurnId{1}, 24 * 100'000});
  EXPECT_EQ(call.CountOf("rejected 4"), 1) << "beyond what was sent";
  call.Send(ClientTruncate{TurnId{1}, 0});
  EXPECT_TRUE(call.history().empty());
  call.Send(ClientTruncate{TurnId{77}, 0});
  EXPECT_EQ(call.CountOf("rejected 3"), 1);
}

TEST(Core, ClearForgetsTheOpenTurn) {
  VirtualCall call(ServerVad());
  call.Say(500, kQuestion);
  call.At(1200, [&] { call.Send(ClientClear{}); });
  call.RunUntil(9000);
  ExpectSound(call);
  EXPECT_EQ(call.TimeOf("cleared"), 1200);
  EXPECT_EQ(call.CountOf("discard_segment"), 1);
  EXPECT_EQ(call.CountOf("speech_stopped"), call.CountOf("speech_started"));
}

TEST(Core, ALongSilenceIsAnsweredWhenTheClientAskedForIt) {
  for (const DetectionMode mode : {DetectionMode::kSemanticVad, DetectionMode::kServerVad}) {
    VirtualCall::Config config;
    config.core.detection.mode = mode;
    config.core.detection.idle_timeout_ms = 5000;
    VirtualCall call(config);
    call.Say(500, kQuestion);
    call.RunUntil(11'000);
    ExpectSound(call);
    EXPECT_EQ(call.CountOf("idle_timeout"), 1) << Lines(call);
    EXPECT_EQ(call.CountOf("response_created 2"), 1);
  }
}

TEST(Core, AnAgentThatHearsItselfUnderServerVadDoesNotAnswerItselfForEver) {
  VirtualCall::Config config = ServerVad();
  config.core.facts.echo_free = false;
  config.replies = {"The quick brown fox jumps over the lazy dog again and again."};
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.RunUntil(3200);
  ASSERT_EQ(call.CountOf("first_frame 1"), 1) << Lines(call);
  call.Say(3300, "quick brown fox", 200);
  call.At(3700, [&] { call.Send(EchoEvidence{SegmentId{2}, 0.9f, 120}); });
  call.RunUntil(6000);
  EXPECT_EQ(call.CountOf("response_created"), 1) << Lines(call);
  EXPECT_EQ(call.CountOf("transcript 2 []"), 1) << "nobody said anything";
  // From now on it is known that the agent's sound comes back: a sound alone stops nothing.
  call.Say(6000, "and what is the capital of Spain");
  call.RunUntil(9000);
  ASSERT_EQ(call.CountOf("first_frame 2"), 1) << Lines(call);
  call.Say(9100, "quick brown fox", 200);
  call.At(9500, [&] { call.Send(EchoEvidence{SegmentId{4}, 0.9f, 120}); });
  call.RunUntil(16'000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("drop 2"), 0) << Lines(call);
  EXPECT_EQ(call.CountOf("response_done 2 completed"), 1);
}

TEST(Core, TextOnlyRepliesHaveNoSpeech) {
  VirtualCall::Config config;
  config.core.facts.audio_output = false;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.RunUntil(9000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("speak"), 0) << Lines(call);
  EXPECT_EQ(call.CountOf("response_done 1 completed"), 1);
  EXPECT_EQ(call.history().at(1).text, "The capital of France is Paris.");
}

TEST(Core, TheRecordTellsWhereTheTimeWent) {
  VirtualCall call(ServerVad());
  call.Say(500, kQuestion);
  call.RunUntil(9000);
  ASSERT_EQ(call.records().size(), 1u);
  const TurnRecord& record = call.records()[0];
  EXPECT_EQ(record.transcript, kQuestion);
  EXPECT_EQ(record.end_reason, EndReason::kSilence);
  EXPECT_LT(record.speech_end_us, record.decided_us);
  EXPECT_LE(record.decided_us, record.reply_started_us);
  EXPECT_LT(record.reply_started_us, record.first_token_us);
  EXPECT_LE(record.first_token_us, record.first_clause_us);
  EXPECT_LT(record.first_clause_us, record.first_speech_us);
  EXPECT_LE(record.first_speech_us, record.first_frame_us);
  EXPECT_LT(record.first_frame_us, record.played_us);
  EXPECT_EQ(record.sent_samples, 6 * 7200);
}

// Peers' fault 6: the end-of-turn model holds everything up.
TEST(Core, AModelThatNeverAnswersDoesNotHoldTheTurn) {
  VirtualCall::Config config;
  config.score = -1;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.RunUntil(9000);
  ExpectSound(call);
  EXPECT_LE(call.TimeOf("speech_stopped") - 2000, 700) << "T at a probability of one half";
  EXPECT_GE(call.CountOf("ask_end_of_turn"), 2) << "asked again while the pause lasts";
}

TEST(Core, AScoreOfAPauseThatIsOverIsDropped) {
  VirtualCall::Config config;
  config.score = 0.95f;
  config.score_latency_ms = 400;
  VirtualCall call(config);
  call.Say(500, "I would like");
  call.Say(1600, "to hear a story");  // before the answer comes
  call.RunUntil(2200);
  EXPECT_EQ(call.CountOf("speech_stopped"), 0);
  EXPECT_GE(call.core().snapshot().stale_events, 1u);
  call.RunUntil(9000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("response_created"), 1);
}

TEST(Core, SpeechThatSoundsAndReadsLikeTheAgentIsDiscarded) {
  VirtualCall::Config config;
  config.core.facts.echo_free = false;
  config.replies = {"The quick brown fox jumps over the lazy dog again and again and again."};
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.Say(3600, "quick brown fox jumps over", 200);
  call.At(3900, [&] { call.Send(EchoEvidence{SegmentId{2}, 0.9f, 120}); });
  call.RunUntil(12'000);
  ExpectSound(call);
  EXPECT_EQ(call.CountOf("discard_segment"), 1);
  EXPECT_EQ(call.CountOf("drop"), 0);
  EXPECT_EQ(call.history().size(), 2u);
}

TEST(Core, AfterABackchannelNothingIsLostAndNothingRepeated) {
  VirtualCall::Config config;
  config.replies = {"One two three four five six seven eight nine ten eleven twelve."};
  VirtualCall quiet(config);
  VirtualCall disturbed(config);
  disturbed.Say(4000, "mhm", 220);
  for (VirtualCall* call : {&quiet, &disturbed}) {
    call->Say(500, kQuestion);
    call->RunUntil(12'000);
    ExpectSound(*call);
    EXPECT_EQ(call->records().at(0).sent_samples, 12 * 7200);
    EXPECT_EQ(call->CountOf("speak 1"), quiet.CountOf("speak 1"));
  }
  EXPECT_EQ(disturbed.TimeOf("response_done 1"), quiet.TimeOf("response_done 1"));
}

TEST(Core, AYesToAQuestionOfOursNeedsNoModel) {
  VirtualCall::Config config;
  config.score = -1;
  config.partial_latency_ms = 40;
  config.final_latency_ms = 40;
  config.replies = {"It is Paris. Do you want to know more?", "Fine."};
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.RunUntil(7000);
  call.Say(7000, "yes please", 300);
  call.RunUntil(12'000);
  ExpectSound(call);
  EXPECT_LE(call.TimeOf("speech_stopped 2") - 7600, 220);
  EXPECT_EQ(call.records().at(1).end_reason, EndReason::kText);
}

TEST(Core, TwoTurnsInQuickSuccessionAreBothInTheHistory) {
  VirtualCall::Config config;
  config.final_latency_ms = 1200;
  config.score = 0.95f;
  VirtualCall call(config);
  call.Say(500, kQuestion);
  call.Say(2900, "I mean of Italy");
  call.RunUntil(12'000);
  ExpectSound(call);
  EXPECT_EQ(call.history().at(0).who, "user");
  EXPECT_NE(call.prompts().back().find("What is the capital of France"), std::string::npos)
      << Lines(call);
  EXPECT_NE(call.prompts().back().find("I mean of Italy"), std::string::npos);
}

}  // namespace
}  // namespace parley::turn
