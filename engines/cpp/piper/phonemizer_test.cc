#include "piper/phonemizer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "piper/testing/voices.h"
#include "piper/utf8.h"

namespace parley::piper {
namespace {

class EspeakPhonemizer : public ::testing::Test {
 protected:
  void SetUp() override {
    voice_ = testing::EnglishVoice();
    auto made = Phonemizer::Create(voice_, PARLEY_ESPEAK_DATA_DIR);
    ASSERT_TRUE(made) << made.error().message;
    phonemizer_ = std::move(*made);
  }

  // "word|" for every word end: the text up to it, and the sound that belongs to it.
  std::string Marked(const std::string& text) {
    std::string out;
    size_t text_at = 0;
    for (const Sentence& sentence : phonemizer_->Phonemize(text)) {
      size_t at = 0;
      for (const WordEnd& word : sentence.words) {
        out += text.substr(text_at, word.text_end - text_at) + "=";
        out += testing::ToUtf8(sentence.symbols.substr(at, word.symbol - at)) + "|";
        at = word.symbol;
        text_at = word.text_end;
      }
    }
    return out;
  }

  Voice voice_;
  std::unique_ptr<Phonemizer> phonemizer_;
};

TEST_F(EspeakPhonemizer, IdsAreThoseThatTheVoiceWasTrainedOn) {
  const auto json = nlohmann::json::parse(*ReadFile(testing::TestData("piper_ids.json"), 1 << 20));
  ASSERT_EQ(json["cases"].size(), 30u);
  for (const auto& golden : json["cases"]) {
    const std::string text = golden["text"];
    std::vector<std::vector<int64_t>> expected;
    for (const auto& sentence : golden["sentences"]) expected.push_back(sentence["without_glide"]);
    std::vector<std::vector<int64_t>> got;
    for (const Sentence& sentence : phonemizer_->Phonemize(text)) {
      got.push_back(ToIds(voice_, sentence.symbols).ids);
    }
    EXPECT_EQ(got, expected) << text;
  }
}

TEST_F(EspeakPhonemizer, EachWordOwnsItsSound) {
  EXPECT_EQ(Marked("Hello big world."), "Hello=həlˈoʊ| big= bˈɪɡ| world.= wˈɜːld|");
}

TEST_F(EspeakPhonemizer, ANumberOwnsAllItsWordsAndMergedWordsShareOne) {
  EXPECT_EQ(Marked("Room 221B of the house"),
            "Room=ɹˈuːm| 221B= tˈuːhˈʌndɹɪd twˈɛnti wˈʌn bˈiː| of= ʌv| the=ðə| house= hˈaʊs|");
}

TEST_F(EspeakPhonemizer, SilentTokensHaveNoMarkAndClosingQuotesBelongToTheirWord) {
  EXPECT_EQ(Marked("Wait -- \"what,\" she said."),
            "Wait=wˈeɪt| -- \"what,\"= wˈʌt| she=, ʃiː| said.= sˈɛd|");
}

TEST_F(EspeakPhonemizer, MarksOfSeveralSentencesAreOffsetsOfTheWholeText) {
  EXPECT_EQ(Marked("Go! Über naïve?"), "Go!=ɡˈoʊ| Über=ˈuːbɚ| naïve?= naɪˈiːv|");
}

TEST_F(EspeakPhonemizer, TextWithoutSoundGivesNothing) {
  for (const char* text :
       {"", " ", "\n\n", "...", "?!", "\x01\x02\x7f", "\xff\xfe", "\xe2\x80\x8b"}) {
    EXPECT_TRUE(phonemizer_->Phonemize(text).empty()) << text;
  }
}

TEST_F(EspeakPhonemizer, BrokenBytesAndControlsAreLeftOutAndTheRestIsSpoken) {
  const auto clean = phonemizer_->Phonemize("Good   morning.");
  const std::string dirty = std::string("Good\x01\xff ") + "morning." + '\0';
  const auto spoken = phonemizer_->Phonemize(dirty);
  ASSERT_EQ(spoken.size(), 1u);
  EXPECT_EQ(spoken[0].symbols, clean[0].symbols);
}

TEST_F(EspeakPhonemizer, DoubleBracketsAreTextAndNotPhonemeNotation) {
  const auto spoken = phonemizer_->Phonemize("[[hello]]");
  ASSERT_EQ(spoken.size(), 1u);
  EXPECT_EQ(testing::ToUtf8(spoken[0].symbols), "həlˈoʊ");
}

TEST_F(EspeakPhonemizer, WhatOneTextLeavesNeverStartsTheNext) {
  phonemizer_->Phonemize("Plan B? C");
  EXPECT_EQ(testing::ToUtf8(phonemizer_->Phonemize("next")[0].symbols), "nˈɛkst");
}

TEST_F(EspeakPhonemizer, AHugeTextIsSpokenWholeWithinTheLengthLimit) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "word and ";
  const auto sentences = LimitLength(phonemizer_->Phonemize(text), 300);
  size_t words = 0;
  for (const Sentence& sentence : sentences) {
    EXPECT_LE(sentence.symbols.size(), 300u);
    words += sentence.words.size();
  }
  EXPECT_EQ(words, 20'000u);
  EXPECT_EQ(sentences.back().words.back().text_end, text.size() - 1);
}

TEST_F(EspeakPhonemizer, ALongSentenceIsCutAtItsLastPause) {
  const std::string text = "One two three four five six, seven eight nine ten eleven twelve.";
  const auto sentences = LimitLength(phonemizer_->Phonemize(text), 50);
  ASSERT_EQ(sentences.size(), 2u);
  EXPECT_EQ(sentences[0].words.size(), 6u);
  EXPECT_EQ(sentences[1].words.size(), 6u);
  EXPECT_EQ(sentences[1].words[0].text_end, text.find(" eight"));
  EXPECT_GT(sentences[1].words[0].symbol, 0u);
}

TEST_F(EspeakPhonemizer, AnUnknownLanguageIsNamed) {
  Voice voice = voice_;
  voice.espeak_voice = "xx-nowhere";
  const auto made = Phonemizer::Create(voice, PARLEY_ESPEAK_DATA_DIR);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kNotFound);
  EXPECT_NE(made.error().message.find("xx-nowhere"), std::string::npos);
}

TEST(TextPhonemizer, ATextVoiceTakesTheLettersThemselvesDecomposed) {
  Voice voice = testing::EnglishVoice();
  voice.phonemes = Voice::Phonemes::kText;
  auto phonemizer = *Phonemizer::Create(voice, PARLEY_ESPEAK_DATA_DIR);
  const auto sentences = phonemizer->Phonemize("só  é");
  ASSERT_EQ(sentences.size(), 1u);
  EXPECT_EQ(sentences[0].symbols, U"so\u0301 e\u0301");
  ASSERT_EQ(sentences[0].words.size(), 2u);
  EXPECT_EQ(sentences[0].words[0].text_end, 3u);
}

TEST(PhonemeIds, UnknownSymbolsArePassedOverAndPadsFollowEachKnownOne) {
  Voice voice;
  voice.ids = {{'^', {1}}, {'_', {0}}, {'$', {2}}, {'a', {7}}, {'b', {8, 9}}};
  const Ids ids = ToIds(voice, U"a?b");
  EXPECT_EQ(ids.ids, (std::vector<int64_t>{1, 0, 7, 0, 8, 9, 0, 2}));
  EXPECT_EQ(ids.symbol_end, (std::vector<size_t>{4, 4, 7}));
}

}  // namespace
}  // namespace parley::piper
