#include "whisper/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::whisper {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Vocabulary, GivesBytesBackFromTheAlphabetOfGpt2) {
  // U+0120 stands for a space, U+010A for a line feed, U+00C3 U+00A9 for the two bytes of é.
  const auto tokens = ReadVocabulary("!\n\u0120the\n\u010A\nÃ©\n\u0142\n<|endoftext|>\nrest\n");
  ASSERT_TRUE(tokens) << tokens.error().message;
  EXPECT_THAT(*tokens, ElementsAre("!", " the", "\n", "\xC3\xA9", "\xA0"));
}

TEST(Vocabulary, KeepsAnEmptyToken) {
  const auto tokens = ReadVocabulary("a\n\nb\n<|endoftext|>");
  ASSERT_TRUE(tokens) << tokens.error().message;
  EXPECT_THAT(*tokens, ElementsAre("a", "", "b"));
}

TEST(Vocabulary, WithoutAnEndIsRefused) {
  const auto tokens = ReadVocabulary("a\nb\n");
  ASSERT_FALSE(tokens);
  EXPECT_THAT(tokens.error().message, HasSubstr("<|endoftext|>"));
}

TEST(Vocabulary, OutsideTheAlphabetNamesTheLine) {
  for (const char* text : {"ok\na b\n<|endoftext|>", "ok\n\u4E2D\n<|endoftext|>",
                           "ok\n\xFF\n<|endoftext|>", "ok\n\u0144\n<|endoftext|>"}) {
    const auto tokens = ReadVocabulary(text);
    ASSERT_FALSE(tokens) << text;
    EXPECT_THAT(tokens.error().message, HasSubstr("line 2"));
  }
}

TEST(Vocabulary, HasALimit) {
  std::string text;
  for (int i = 0; i < 100'001; ++i) text += "a\n";
  EXPECT_FALSE(ReadVocabulary(text + "<|endoftext|>"));
  EXPECT_FALSE(ReadVocabulary(std::string(5'000, 'a') + "\n<|endoftext|>"));
}

}  // namespace
}  // namespace parley::whisper
