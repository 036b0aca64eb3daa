#include "piper/words.h"

#include <gtest/gtest.h>

namespace parley::piper {
namespace {

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  for (const Token& token : Tokenize(text, 0, text.size())) {
    words.push_back(text.substr(token.begin, token.end - token.begin));
  }
  return words;
}

TEST(Tokenize, WordsKeepTheirPunctuation) {
  EXPECT_EQ(Words("\"Go,\" he -- said.\n"),
            (std::vector<std::string>{"\"Go,\"", "he", "--", "said."}));
}

TEST(Tokenize, EachIdeographIsAWordAndKeepsThePunctuationBehindIt) {
  EXPECT_EQ(Words("你好。ok"), (std::vector<std::string>{"你", "好。ok"}));
  EXPECT_EQ(Words("你　好"), (std::vector<std::string>{"你", "好"}));
}

TEST(Tokenize, PunctuationAloneHasNoLetters) {
  const std::string text = "-- 5 é";
  const auto tokens = Tokenize(text, 0, text.size());
  ASSERT_EQ(tokens.size(), 3u);
  EXPECT_FALSE(tokens[0].has_letters);
  EXPECT_TRUE(tokens[1].has_letters);
  EXPECT_TRUE(tokens[2].has_letters);
}

TEST(AlignWords, EqualReadingsEndWhereTheyStand) {
  EXPECT_EQ(AlignWords({{U"ab", true}, {U"cd", true}}, U"ab cd"), (std::vector<size_t>{2, 5}));
}

TEST(AlignWords, MergedWordsAreDividedWithinTheMerger) {
  EXPECT_EQ(AlignWords({{U"ʌv", true}, {U"ðə", true}}, U"ʌvðə"), (std::vector<size_t>{2, 4}));
}

TEST(AlignWords, AWordThatBecomesSeveralOwnsThemAll) {
  EXPECT_EQ(AlignWords({{U"no", true}, {U"tu wan", true}, {U"ja", true}}, U"no tu wan ja"),
            (std::vector<size_t>{2, 9, 12}));
}

TEST(AlignWords, ASilentWordEndsWhereTheOneBeforeDid) {
  EXPECT_EQ(AlignWords({{U"ab", true}, {U"daʃ", false}, {U"cd", true}}, U"ab cd"),
            (std::vector<size_t>{2, 2, 5}));
}

TEST(AlignWords, LengthMarksBelongToTheirVowel) {
  EXPECT_EQ(AlignWords({{U"ɹuːm", true}, {U"hiː", true}}, U"ɹuːm hiː"),
            (std::vector<size_t>{4, 8}));
}

TEST(AlignWords, NothingAlignsWithNothing) {
  EXPECT_TRUE(AlignWords({}, U"abc").empty());
  EXPECT_EQ(AlignWords({{U"ab", true}}, U""), std::vector<size_t>{0});
}

TEST(AlignWords, WhatIsTooLongToAlignIsDividedInProportion) {
  const std::u32string half(3000, U'a');
  const auto ends = AlignWords({{half, true}, {half, true}}, half + U" " + half);
  ASSERT_EQ(ends.size(), 2u);
  EXPECT_NEAR(static_cast<double>(ends[0]), 3000, 10);
  EXPECT_EQ(ends[1], 6001u);
}

}  // namespace
}  // namespace parley::piper
