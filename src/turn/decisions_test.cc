#include "turn/decisions.h"

#include <gtest/gtest.h>

#include <vector>

namespace parley::turn {
namespace {

std::vector<VoiceGate::Edge> Feed(VoiceGate& gate, const std::vector<float>& row) {
  std::vector<VoiceGate::Edge> edges;
  for (const float p : row) edges.push_back(gate.Update(p, 0.5, 0.15, 3));
  return edges;
}

constexpr auto kNone = VoiceGate::Edge::kNone;
constexpr auto kOnset = VoiceGate::Edge::kOnset;
constexpr auto kOffset = VoiceGate::Edge::kOffset;
using Edges = std::vector<VoiceGate::Edge>;

TEST(VoiceGate, TwoOfThreeWindowsAreAnOnset) {
  VoiceGate gate;
  EXPECT_EQ(Feed(gate, {0.9f, 0.1f, 0.1f, 0.9f}), (Edges{kNone, kNone, kNone, kNone}));
  EXPECT_EQ(Feed(gate, {0.1f, 0.6f}), (Edges{kNone, kOnset}));
  EXPECT_EQ(gate.OnsetWindows(), 3);
}

TEST(VoiceGate, ThreeQuietWindowsAreAnOffsetAndTheBandBetweenIsNeither) {
  VoiceGate gate;
  Feed(gate, {0.9f, 0.9f});
  EXPECT_EQ(Feed(gate, {0.3f, 0.3f, 0.4f, 0.3f, 0.3f}), (Edges{kNone, kNone, kNone, kNone, kNone}));
  EXPECT_EQ(Feed(gate, {0.35f}), Edges{kOffset});
  EXPECT_FALSE(gate.active());
}

struct SilenceCase {
  const char* name;
  PauseFacts facts;
  int ms;
};

TEST(SilenceNeeded, FollowsProbabilityWordsAndHabit) {
  const Policy policy;
  const SilenceCase cases[] = {
      {"certain", {.probability = 0.95f}, 160},
      {"unlikely, medium", {.probability = 0.05f}, 1100},
      {"unlikely, high", {.eagerness = Eagerness::kHigh, .probability = 0.05f}, 700},
      {"unlikely, low", {.eagerness = Eagerness::kLow, .probability = 0.05f}, 1800},
      {"unknown is half", {}, 630},
      {"half", {.probability = 0.5f}, 630},
      {"asks for more", {.probability = 0.95f, .wants_more = true}, 460},
      {"a slow speaker", {.probability = 0.05f, .habit = 1.5}, 1570},
      {"a slow speaker has plainly finished", {.probability = 0.95f, .habit = 1.5}, 160},
      {"a quick speaker does not go below the floor", {.probability = 0.95f, .habit = 0.7}, 120},
      {"never above the protocol's limit",
       {.eagerness = Eagerness::kHigh, .probability = 0, .wants_more = true, .habit = 3},
       2000},
      {"decisive words need no model", {.decisive = true, .has_text = true}, 160},
      {"rules alone, a whole sentence",
       {.model = false, .ends_sentence = true, .has_text = true},
       271},
      {"rules alone, no words yet", {.model = false}, 630},
  };
  for (const SilenceCase& c : cases) {
    EXPECT_NEAR(SilenceNeededMs(policy, c.facts), c.ms, 8) << c.name;
  }
}

TEST(SilenceNeeded, RulesAloneWaitLongerForAnUnfinishedSentence) {
  const Policy policy;
  const PauseFacts whole = {.model = false, .ends_sentence = true, .has_text = true};
  const PauseFacts open = {.model = false, .has_text = true};
  EXPECT_GT(SilenceNeededMs(policy, open), SilenceNeededMs(policy, whole) + 300);
}

TEST(PauseHabit, LearnsSlowlyAndIsBounded) {
  PauseHabit habit{Policy()};
  EXPECT_DOUBLE_EQ(habit.factor(), 1);
  habit.Learn(800);
  EXPECT_NEAR(habit.factor(), 1.1, 1e-9);
  for (int i = 0; i < 100; ++i) habit.Learn(3000);
  EXPECT_DOUBLE_EQ(habit.factor(), 1.5);
  for (int i = 0; i < 100; ++i) habit.Learn(50);
  EXPECT_DOUBLE_EQ(habit.factor(), 0.7);
}

struct InterruptCase {
  const char* name;
  InterruptFacts facts;
  Interruption decision;
};

TEST(Interruption, NeedsEvidence) {
  const Policy policy;
  const InterruptCase cases[] = {
      {"nothing yet", {.voiced_ms = 100, .echo_free = true}, Interruption::kWait},
      {"a cough", {.voiced_ms = 200, .pausing = true, .echo_free = true}, Interruption::kGoOn},
      {"what may be more than a backchannel",
       {.voiced_ms = 288, .echo_free = true},
       Interruption::kPause},
      {"voice that no backchannel lasts as long as",
       {.voiced_ms = 1200, .echo_free = true},
       Interruption::kStop},
      {"less of it may be a backchannel",
       {.voiced_ms = 1160, .echo_free = true},
       Interruption::kPause},
      {"with a word of its own, less than half of it",
       {.voiced_ms = 500, .utterance_ms = 500, .content_words = 1, .echo_free = true},
       Interruption::kStop},
      {"where nothing knows words, less is enough",
       {.voiced_ms = 300, .echo_free = true, .deaf = true},
       Interruption::kStop},
      {"early, without an echo path, it is the same",
       {.voiced_ms = 288, .early = true, .echo_free = true},
       Interruption::kPause},
      {"it is over, and its words are on their way",
       {.voiced_ms = 300, .pausing = true, .words_due = true, .echo_free = true},
       Interruption::kWait},
      {"early and with an echo path only words count",
       {.voiced_ms = 2000, .early = true},
       Interruption::kWait},
      {"backchannel",
       {.voiced_ms = 1100, .only_backchannel = true, .echo_free = true},
       Interruption::kWait},
      {"a backchannel that goes on and on",
       {.voiced_ms = 1800, .only_backchannel = true, .echo_free = true},
       Interruption::kStop},
      {"two words", {.utterance_ms = 250, .content_words = 2}, Interruption::kStop},
      {"two words written into a short cough",
       {.utterance_ms = 160, .pausing = true, .content_words = 2},
       Interruption::kGoOn},
      {"one word of the stop list", {.stop_word = true, .early = true}, Interruption::kStop},
      {"echo by sound raises the bar",
       {.voiced_ms = 2000, .echo_sound = true},
       Interruption::kWait},
      {"echo by words raises the bar",
       {.voiced_ms = 2000, .echo_words = true},
       Interruption::kWait},
      {"a stop word into the echo is no echo",
       {.stop_word = true, .echo_sound = true, .echo_words = true},
       Interruption::kStop},
      {"echo by both is discarded",
       {.voiced_ms = 900, .content_words = 3, .echo_sound = true, .echo_words = true},
       Interruption::kIgnore},
  };
  for (const InterruptCase& c : cases) {
    EXPECT_EQ(DecideInterruption(policy, c.facts), c.decision) << c.name;
  }
}

TEST(LaunchGate, OpensOnlyForTheUsersSilence) {
  EXPECT_TRUE(GateOpen({.something_ready = true}));
  EXPECT_FALSE(GateOpen({.something_ready = false}));
  EXPECT_FALSE(GateOpen({.something_ready = true, .user_open = true}));
  EXPECT_FALSE(GateOpen({.something_ready = true, .newer_commit = true}));
  EXPECT_FALSE(GateOpen({.something_ready = true, .floor_taken = true}));
  EXPECT_TRUE(GateOpen({.something_ready = true, .user_open = true, .detection = false}));
}

TEST(Drafting, NeedsWordsThatCoverTheSpeech) {
  const Policy policy;
  const DraftFacts likely = {.probability = 0.6f, .words = 1, .text_covers_speech = true};
  EXPECT_TRUE(MayDraft(policy, likely));
  DraftFacts facts = likely;
  facts.text_covers_speech = false;
  EXPECT_FALSE(MayDraft(policy, facts));
  facts = likely;
  facts.probability = 0.3f;
  EXPECT_FALSE(MayDraft(policy, facts));
  facts = likely;
  facts.drafts = 3;
  EXPECT_FALSE(MayDraft(policy, facts));
  facts = likely;
  facts.speech_ms = 16'000;
  EXPECT_FALSE(MayDraft(policy, facts));
  facts = likely;
  facts.wants_more = true;
  EXPECT_FALSE(MayDraft(policy, facts));
  EXPECT_TRUE(MayDraft(policy, {.silence_ms = 128, .words = 2, .text_covers_speech = true}));
  EXPECT_FALSE(MayDraft(policy, {.silence_ms = 128, .words = 1, .text_covers_speech = true}));
  EXPECT_FALSE(MayDraft(policy, {.silence_ms = 32, .words = 5, .text_covers_speech = true}));
}

TEST(Transcripts, AWindowedOneIsJoinedAtTheWordsBothHave) {
  EXPECT_EQ(BytesKeptBefore("one two three four", "three four five"), 8u);
  EXPECT_EQ(BytesKeptBefore("one two", "three four"), 7u);
  EXPECT_EQ(BytesKeptBefore("One, two.", "one two three"), 0u);
  EXPECT_EQ(BytesKeptBefore("", "x"), 0u);
}

}  // namespace
}  // namespace parley::turn
