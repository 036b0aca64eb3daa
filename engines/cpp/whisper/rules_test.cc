// The pure rules: how much to compute, when the decoder runs in circles, what was not said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "whisper/agreement.h"
#include "whisper/hearing_policy.h"
#include "whisper/internal/word_builder.h"
#include "whisper/limits.h"
#include "whisper/pass_gate.h"
#include "whisper/repetition.h"
#include "whisper/speech_span.h"

namespace parley::whisper {
namespace {

using ::testing::ElementsAre;

TEST(AudioContext, IsTheAudioAndAMarginInStepsOf64) {
  EXPECT_EQ(AudioContext(3 * kSampleRateHz, 0), 320);    // 150 + 128
  EXPECT_EQ(AudioContext(3 * kSampleRateHz, 384), 384);  // never below the floor
  EXPECT_EQ(AudioContext(11 * kSampleRateHz, 384), 704);
  EXPECT_EQ(AudioContext(30 * kSampleRateHz, 384), 1500);
}

TEST(TokensMax, LeavesRoomForFastSpeech) {
  EXPECT_EQ(TokensMax(0), 8);
  EXPECT_EQ(TokensMax(3 * kSampleRateHz), 26);
}

TEST(Repetition, OfAPhraseThreeTimesIsACircle) {
  const std::vector<int32_t> tokens = {9, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4};
  EXPECT_EQ(RepetitionStart(tokens, 100), 5U);
}

TEST(Repetition, ThatPeopleUseIsLeftAlone) {
  const std::vector<int32_t> no_no_no = {7, 7, 7, 7, 7};
  EXPECT_EQ(RepetitionStart(no_no_no, 100), std::nullopt);
  const std::vector<int32_t> twice = {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6};
  EXPECT_EQ(RepetitionStart(twice, 100), std::nullopt);
  EXPECT_EQ(RepetitionStart({}, 100), std::nullopt);
}

TEST(Repetition, TwiceIsACircleWhenNobodySpeaksThatFast) {
  const std::vector<int32_t> twice = {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6};
  EXPECT_EQ(RepetitionStart(twice, 8), 6U);
}

TEST(Repetition, OfOneTokenOverAndOverIsACircle) {
  const std::vector<int32_t> tokens(8, 5);
  EXPECT_EQ(RepetitionStart(tokens, 100), 1U);
}

Pass Heard(std::string text, float no_speech, float logprob) {
  Pass pass;
  HeardWord word;
  word.text = std::move(text);
  pass.words.push_back(std::move(word));
  pass.no_speech = no_speech;
  pass.mean_logprob = logprob;
  return pass;
}

SpeechSpan Loud(int ms) { return {.from_sample = 0, .upto_sample = 16'000, .loud_ms = ms}; }

TEST(HearingPolicy, PunctuationAndSoundNamesWereNotSaid) {
  for (const char* text :
       {"", ".", "...", "[BLANK_AUDIO]", "(wind blowing)", "*cough*", "!?", "♪", "…"}) {
    EXPECT_TRUE(WasNotSaid(Heard(text, 0, -0.1F), Loud(900))) << text;
  }
}

TEST(HearingPolicy, DoubtfulWordsWereNotSaid) {
  EXPECT_TRUE(WasNotSaid(Heard("the dog", 0.8F, -1.3F), Loud(900)));
  EXPECT_FALSE(WasNotSaid(Heard("the dog", 0.8F, -0.4F), Loud(900)));
  EXPECT_FALSE(WasNotSaid(Heard("the dog", 0.1F, -1.4F), Loud(900)));
}

TEST(HearingPolicy, WordsThatAreMereGuessesWereNotSaid) {
  EXPECT_TRUE(WasNotSaid(Heard("the dog", 0, -1.6F), Loud(900)));
  Pass sentence = Heard("I'm", 0, -1.4F);
  for (const char* word : {"going", "to", "go"}) {
    sentence.words.push_back(sentence.words.front());
    sentence.words.back().text = word;
  }
  EXPECT_TRUE(WasNotSaid(sentence, Loud(900)));
  sentence.mean_logprob = -1.2F;
  EXPECT_FALSE(WasNotSaid(sentence, Loud(900)));
}

TEST(HearingPolicy, AFavouriteOfNoiseNeedsEvidence) {
  EXPECT_TRUE(WasNotSaid(Heard("Thank you.", 0.4F, -0.3F), Loud(900)));
  EXPECT_TRUE(WasNotSaid(Heard("you", 0.05F, -1.2F), Loud(900)));
  EXPECT_TRUE(WasNotSaid(Heard("Thanks for watching!", 0.05F, -0.2F), Loud(60)));
  EXPECT_FALSE(WasNotSaid(Heard("Thank you.", 0.02F, -0.2F), Loud(700)));
}

TEST(HearingPolicy, NormalizesWhatSpellingsDifferIn) {
  EXPECT_EQ(Normalized(" Thank  you, Don't!"), "thank you don't");
  EXPECT_EQ(Normalized("¿Qué?"), "¿qué");
}

TEST(SpeechSpan, IsTheLoudPartWithSomeQuietAround) {
  std::vector<float> pcm(3 * kSampleRateHz, 0.0F);
  for (int i = kSampleRateHz; i < 2 * kSampleRateHz; ++i) pcm[i] = i % 2 == 0 ? 0.1F : -0.1F;
  const SpeechSpan span = FindSpeech(pcm);
  EXPECT_EQ(span.from_sample, kSampleRateHz * 8 / 10);
  EXPECT_EQ(span.upto_sample, kSampleRateHz * 23 / 10);
  EXPECT_EQ(span.loud_ms, 1000);
  EXPECT_NEAR(span.peak_dbfs, -20, 0.1);
}

TEST(SpeechSpan, OfSilenceIsEmpty) {
  EXPECT_EQ(FindSpeech({}).upto_sample, 0);
  const std::vector<float> hiss(8'000, 0.0009F);  // −61 dBFS
  EXPECT_EQ(FindSpeech(hiss).upto_sample, 0);
}

std::vector<HeardWord> At(std::initializer_list<const char*> texts) {
  std::vector<HeardWord> words;
  for (const char* text : texts) {
    HeardWord word;
    word.text = text;
    word.from_sample = static_cast<int64_t>(words.size()) * 1000;
    word.upto_sample = word.from_sample + 900;
    words.push_back(std::move(word));
  }
  return words;
}

TEST(Agreement, SettlesTheWordsOfTwoPassesThatAgree) {
  Agreement agreement;
  EXPECT_EQ(Join(agreement.Update(At({"ask", "what"}))), "ask what");
  EXPECT_EQ(agreement.stable(), 0U);
  EXPECT_EQ(Join(agreement.Update(At({"Ask", "what", "you"}))), "Ask what you");
  EXPECT_EQ(agreement.stable(), 2U);
}

TEST(Agreement, KeepsSettledWordsWhenALaterPassHearsThemOtherwise) {
  Agreement agreement;
  agreement.Update(At({"ask", "what"}));
  agreement.Update(At({"ask", "what", "you"}));
  EXPECT_EQ(Join(agreement.Update(At({"task", "what", "you", "can"}))), "ask what you can");
  EXPECT_EQ(agreement.stable(), 3U);
}

TEST(Agreement, ShowsSettledWordsThoughAPassHearsNothing) {
  Agreement agreement;
  agreement.Update(At({"ask", "what"}));
  agreement.Update(At({"ask", "what"}));
  EXPECT_EQ(Join(agreement.Update({})), "ask what");
  EXPECT_EQ(agreement.stable(), 2U);
}

TEST(WordBuilder, JoinsTokensUpToTheNextSpace) {
  WordBuilder builder("en", 48'000);
  builder.Add(" fel", 1'000, 0.5F);
  builder.Add("low", 2'000, 0.7F);
  builder.Add(" Americans", 9'000, 0.9F);
  builder.Add(",", 15'000, 0.9F);
  const auto words = std::move(builder).Finish();
  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(words[0].text, "fellow");
  EXPECT_NEAR(words[0].confidence, 0.6, 1e-6);
  EXPECT_EQ(words[0].upto_sample, 9'000);  // where the next begins
  EXPECT_EQ(words[1].text, "Americans,");
  EXPECT_EQ(Join(words), "fellow Americans,");
}

TEST(WordBuilder, EndsAWordBeforeAPause) {
  WordBuilder builder("en", 160'000);
  builder.Add(" yes", 16'000, 1);
  builder.Add(" no", 80'000, 1);
  const auto words = std::move(builder).Finish();
  EXPECT_LT(words[0].upto_sample, 24'000);
}

TEST(WordBuilder, KeepsCharactersWholeInLanguagesWithoutSpaces) {
  WordBuilder builder("ja", 48'000);
  builder.Add("\xE4\xBB", 0, 1);  // 今 in two tokens
  builder.Add("\x8A", 1'000, 1);
  builder.Add("\xE6\x97\xA5", 2'000, 1);  // 日
  const auto words = std::move(builder).Finish();
  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(Join(words), "今日");
}

TEST(WordBuilder, DropsBytesThatAreNoUtf8) {
  WordBuilder builder("en", 48'000);
  builder.Add(" a\xFF", 0, 1);
  builder.Add(" \xC3", 1'000, 1);
  const auto words = std::move(builder).Finish();
  ASSERT_EQ(words.size(), 1U);
  EXPECT_EQ(words[0].text, "a");
}

TEST(PassGate, APartialDoesNotWait) {
  PassGate gate(1);
  const auto final = gate.Wait({});
  ASSERT_TRUE(final);
  EXPECT_FALSE(gate.TryEnter());
}

TEST(PassGate, AFinalThatIsNotWantedAnyMoreStopsWaiting) {
  PassGate gate(1);
  const auto first = gate.Wait({});
  EXPECT_FALSE(gate.Wait([] { return true; }));
  EXPECT_FALSE(gate.contended());
}

TEST(PassGate, AWaitingFinalIsSeenAndLetIn) {
  PassGate gate(1);
  auto partial = gate.TryEnter();
  ASSERT_TRUE(partial);
  std::thread final([&gate] { EXPECT_TRUE(gate.Wait({})); });
  while (!gate.contended()) std::this_thread::yield();
  partial.reset();
  final.join();
  EXPECT_FALSE(gate.contended());
}

}  // namespace
}  // namespace parley::whisper
