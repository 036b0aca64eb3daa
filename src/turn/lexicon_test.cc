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

}  // namespace
}  // namespace parley::turn
