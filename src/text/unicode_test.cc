#include "text/unicode.h"

#include <gtest/gtest.h>

namespace parley::text {
namespace {

TEST(Unicode, EveryByteThatIsNoUtf8IsOneReplacementCharacter) {
  EXPECT_EQ(DecodeUtf8("a\xff\xe4\xbd\xa0"), U"a\ufffd你");
  EXPECT_EQ(DecodeUtf8("\xe4\xbd"), U"\ufffd\ufffd");
  EXPECT_EQ(EncodeUtf8(U"a你😀"), "a你😀");
  EXPECT_EQ(EncodeUtf8(std::u32string(1, char32_t{0xd800})), "\xef\xbf\xbd");
}

TEST(Unicode, ComposesAcrossCharacters) {
  EXPECT_EQ(ComposeNfc(U"e\u0301 한"), U"é 한");
  EXPECT_EQ(ComposeNfc(U"😀\u212b"), U"😀Å");
}

TEST(Unicode, KnowsTheClassesOfCharacters) {
  EXPECT_TRUE(IsLetter(U'你'));
  EXPECT_FALSE(IsLetter(U'\u0301'));
  EXPECT_TRUE(IsNumber(U'Ⅷ'));
  EXPECT_TRUE(IsPunctuationOrSymbol(U'€'));
  EXPECT_TRUE(IsWhiteSpace(U'\u3000'));
  EXPECT_FALSE(IsWhiteSpace(U'\u200b'));
}

TEST(Unicode, KnowsWhatFiguresAreWorth) {
  EXPECT_EQ(DigitValue(U'7'), 7);
  EXPECT_EQ(DigitValue(U'٣'), 3);
  EXPECT_EQ(DigitValue(U'²'), 2);
  EXPECT_EQ(DigitValue(U'½'), -1);
  EXPECT_FALSE(IsDecimalDigit(U'²'));
}

}  // namespace
}  // namespace parley::text
