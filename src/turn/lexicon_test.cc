#include "turn/lexicon.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "turn/words.h"

namespace parley::turn {
namespace {

const Lexicon& En() { return LexiconFor("en-US"); }

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (WordReader reader(text); reader.Next();) words.emplace_back(reader.word());
  return words;
}

TEST(Words, AreLowerCaseWithoutPunctuation) {
  EXPECT_EQ(Words("Don't  STOP, now — 3.5!"),
            (std::vector<std::string>{"don't", "stop", "now", "3", "5"}));
  EXPECT_EQ(Words("don’t ‘quote’"), (std::vector<std::string>{"don't", "quote"}));
  EXPECT_EQ(Words("你好。"), (std::vector<std::string>{"你", "好"}));
  EXPECT_TRUE(Words(" ... ").empty());
  EXPECT_EQ(Words("über\xff")[0].substr(0, 5), "über");
}

TEST(Lexicon, KnowsBackchannelsAndStops) {
  EXPECT_TRUE(IsOnlyBackchannel(En(), "Mhm, yeah. Okay!"));
  EXPECT_FALSE(IsOnlyBackchannel(En(), "okay but"));
  EXPECT_FALSE(IsOnlyBackchannel(En(), ""));
  EXPECT_TRUE(OpensWithStop(En(), "Stop."));
  EXPECT_TRUE(OpensWithStop(En(), "okay, hold on a second"));
  EXPECT_FALSE(OpensWithStop(En(), "don't stop"));
  EXPECT_FALSE(OpensWithStop(LexiconFor("xx"), "stop"));
  EXPECT_TRUE(OpensWithStop(En(), "brown fox stop", "the quick brown fox"));
  EXPECT_FALSE(OpensWithStop(En(), "brown stop", "a brown stop sign"));
}

TEST(Lexicon, CountsWordsThatAreNeitherBackchannelNorTheAgents) {
  EXPECT_EQ(CountContentWords(En(), "um yeah what about Spain"), 3);
  EXPECT_EQ(CountContentWords(En(), "capital of Spain", "the capital of France"), 1);
  EXPECT_DOUBLE_EQ(ShareOfWordsIn("capital of Spain", "the capital of France"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(ShareOfWordsIn("", "x"), 0);
}

TEST(Lexicon, HearsThatMoreIsComing) {
  for (const char* text :
       {"I went to the", "and", "Because", "my number is 555 12", "five five", "well um"}) {
    EXPECT_TRUE(WantsMore(En(), text)) << text;
  }
  for (const char* text : {"I went home", "in 1984", "2", "555 1234", "Who is that?", ""}) {
    EXPECT_FALSE(WantsMore(En(), text)) << text;
  }
}

TEST(Lexicon, KnowsYesAndNo) {
  EXPECT_TRUE(IsYesNoAnswer(En(), "Yes, please."));
  EXPECT_TRUE(IsYesNoAnswer(En(), "no"));
  EXPECT_FALSE(IsYesNoAnswer(En(), "no way"));
  EXPECT_TRUE(IsYesNoQuestion(En(), "It is Paris. Do you want more?"));
  EXPECT_FALSE(IsYesNoQuestion(En(), "Where do you live?"));
  EXPECT_FALSE(IsYesNoQuestion(En(), "Do it."));
}

TEST(Lexicon, SameWordsMeansTheSameQuestion) {
  EXPECT_TRUE(SameWords(En(), "What is, um, the capital?", "what is the capital"));
  EXPECT_FALSE(SameWords(En(), "what is the capital", "what is the capital of"));
  EXPECT_TRUE(SameWords(En(), "", "um"));
}

struct LanguageCase {
  const char* language;
  const char* backchannel;
  const char* stop;
  const char* complete;
  const char* wants_more;
  const char* question;  // for yes or no
  const char* other_question;
  const char* answer;
};

TEST(Lexicon, SpeaksSixLanguages) {
  const LanguageCase cases[] = {
      {"en", "Uh-huh, I see.", "Okay, hold on.", "I went home.", "I went to the",
       "Do you want more?", "What do you want?", "No, thank you."},
      {"de", "Ach so, genau.", "Einen Moment bitte", "Ich gehe nach Hause.", "Ich gehe nach",
       "Möchten Sie mehr wissen?", "Was möchten Sie wissen?", "Ja, gerne."},
      {"fr", "D'accord, très bien.", "Attendez, non", "Je vais à Paris.", "Je vais à",
       "Est-ce que vous voulez continuer ?", "Où voulez-vous aller ?", "Oui, merci."},
      {"es", "Sí, claro.", "Espera un momento", "Voy a Madrid.", "Voy a", "¿Quiere saber más?",
       "¿Qué quiere saber?", "No, gracias."},
      {"zh", "嗯嗯，好的。", "等一下", "我想去北京。", "我想去北京，因为", "你想继续吗？",
       "你想去哪里？", "不要，谢谢。"},
      {"ja", "はい、なるほど。", "ちょっと待って", "京都に行きます。", "京都に", "続けますか？",
       "どこに行きますか？", "はい、お願いします。"},
  };
  for (const LanguageCase& c : cases) {
    const Lexicon& lexicon = LexiconFor(c.language);
    EXPECT_EQ(lexicon.language, c.language);
    EXPECT_TRUE(IsOnlyBackchannel(lexicon, c.backchannel)) << c.backchannel;
    EXPECT_FALSE(IsOnlyBackchannel(lexicon, c.complete)) << c.complete;
    EXPECT_TRUE(OpensWithStop(lexicon, c.stop)) << c.stop;
    EXPECT_FALSE(OpensWithStop(lexicon, c.complete)) << c.complete;
    EXPECT_TRUE(WantsMore(lexicon, c.wants_more)) << c.wants_more;
    EXPECT_FALSE(WantsMore(lexicon, c.complete)) << c.complete;
    EXPECT_TRUE(IsYesNoQuestion(lexicon, c.question)) << c.question;
    EXPECT_FALSE(IsYesNoQuestion(lexicon, c.other_question)) << c.other_question;
    EXPECT_TRUE(IsYesNoAnswer(lexicon, c.answer)) << c.answer;
    EXPECT_FALSE(IsYesNoAnswer(lexicon, c.complete)) << c.complete;
    EXPECT_GE(CountContentWords(lexicon, c.complete), 1) << c.complete;
    EXPECT_TRUE(EndsSentence(c.complete)) << c.complete;
  }
}

TEST(Lexicon, CapitalsOfOtherAlphabetsAreSmallOnesToo) {
  EXPECT_TRUE(IsOnlyBackchannel(LexiconFor("de"), "Ähm, ja"));
  EXPECT_TRUE(SameWords(LexiconFor("fr"), "Écoute", "écoute"));
}

TEST(Lexicon, ALastWordMayBeLeftOut) {
  EXPECT_EQ(WithoutLastWord("what about Spa"), "what about");
  EXPECT_EQ(WithoutLastWord("what"), "");
  EXPECT_EQ(WithoutLastWord("我想去北京"), "我想去");
  EXPECT_EQ(WithoutLastWord(""), "");
}

TEST(Lexicon, CharactersWeighHalfAWord) {
  EXPECT_EQ(CountContentWords(LexiconFor("zh"), "去北京吧"), 2);
  EXPECT_EQ(CountContentWords(LexiconFor("zh"), "嗯，好的"), 0);
}

}  // namespace
}  // namespace parley::turn
