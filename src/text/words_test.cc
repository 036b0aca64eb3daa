#include "text/words.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "text/utf8.h"

namespace parley::text {
namespace {

using Strings = std::vector<std::string>;

Strings Cut(const std::string& text, const std::vector<Range>& ranges) {
  Strings out;
  for (const Range& range : ranges) out.push_back(text.substr(range.from, range.upto - range.from));
  return out;
}

TEST(Words, AreLettersAndFiguresWithoutPunctuation) {
  const std::string text = "Don't stop, it's 3.5 km!";
  EXPECT_EQ(Cut(text, Words(text)), (Strings{"Don't", "stop", "it's", "3.5", "km"}));
  EXPECT_TRUE(Words("… !? 👍").empty());
  EXPECT_TRUE(Words("").empty());
  EXPECT_GE(Words("我喜欢音乐", "zh").size(), 2u);
}

TEST(Words, SentencesCoverTheText) {
  const std::string text = "Hello there. How are you?  Fine!";
  EXPECT_EQ(Cut(text, Sentences(text)), (Strings{"Hello there. ", "How are you?  ", "Fine!"}));
  EXPECT_EQ(Cut("日本です。はい。", Sentences("日本です。はい。", "ja")),
            (Strings{"日本です。", "はい。"}));
}

TEST(Words, TranscriptsOfTheSameSpeechAreEqual) {
  EXPECT_TRUE(SameWords("Um, what's the capital of France?", "whats the capital of france") ==
              false);
  EXPECT_TRUE(SameWords("Um, what’s THE capital?", "what's the capital"));
  EXPECT_TRUE(SameWords("Größe, äh, ja.", "GRÖSSE ja", "de"));
  EXPECT_FALSE(SameWords("yes", "no"));
  EXPECT_TRUE(SameWords("...", ""));
}

TEST(Words, BytesThatAreNoTextDoNoHarm) {
  EXPECT_EQ(ComparableWords("ok \xff\xfe \xc3( go").front(), "ok");
}

TEST(Utf8, WhatSteersAScreenIsDroppedAndTheRestKept) {
  const struct {
    std::string bytes;
    std::string text;
  } cases[] = {{"plain", "plain"},
               {"a\xc3", "a"},
               {"\xed\xa0\x80x", "x"},
               {"tab\tline\r\nend", "tab line  end"},
               {"\u202eevil\u202c \u00adsoft \ufeffbom", "evil soft bom"},
               {"क्\u200dष", "क्\u200dष"},
               {std::string("nul\0l", 5), "null"},
               {"o\u0308", "ö"}};
  for (const auto& c : cases) {
    const Cleaned cleaned = Clean(c.bytes);
    EXPECT_EQ(cleaned.text, c.text);
    EXPECT_EQ(cleaned.spans.source_bytes(), c.bytes.size());
    EXPECT_TRUE(IsValidUtf8(cleaned.text));
  }
  EXPECT_FALSE(IsValidUtf8("\xc0\x80"));
}

}  // namespace
}  // namespace parley::text
