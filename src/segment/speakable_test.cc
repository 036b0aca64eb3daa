#include "segment/speakable.h"

#include <gtest/gtest.h>

#include <string>

namespace parley::segment {
namespace {

std::string Spoken(std::string_view source) { return MakeSpeakable(source, true).text; }

TEST(Speakable, PlainWordsStayAsTheyAre) {
  EXPECT_EQ(Spoken("Hello, world! It's 3.14."), "Hello, world! It's 3.14.");
  EXPECT_EQ(Spoken("  two   spaces\nand a line "), "two spaces and a line");
}

TEST(Speakable, MarkupIsNotSpoken) {
  EXPECT_EQ(Spoken("# A **bold** and _soft_ `word`"), "A bold and soft word");
  EXPECT_EQ(Spoken("- first\n- second"), "first second");
  EXPECT_EQ(Spoken("> quoted"), "quoted");
  EXPECT_EQ(Spoken("a<br/>b <b>c</b>"), "ab c");
  EXPECT_EQ(Spoken("| a | b |"), "a b");
  EXPECT_EQ(Spoken("as shown [12]."), "as shown.");
}

TEST(Speakable, StarsOfASumAndSharpsOfANameStay) {
  EXPECT_EQ(Spoken("6 * 7 in C#"), "6 * 7 in C#");
  EXPECT_EQ(Spoken("snake_case"), "snake case");
}

TEST(Speakable, LinksAreSaidByTheirWordsOrTheirHost) {
  EXPECT_EQ(Spoken("see [the guide](https://example.org/a(b)."), "see the guide.");
  EXPECT_EQ(Spoken("at https://www.example.org/a/b?c=d."), "at example.org.");
}

TEST(Speakable, EmojiAndControlCharactersVanish) {
  EXPECT_EQ(Spoken("hello 👋🏽, friend ❤️"), "hello, friend");
  EXPECT_EQ(Spoken("🎉🎉 !"), "");
  EXPECT_EQ(Spoken(std::string("a\x01\x1b"
                               "b\x7f")),
            "ab");
}

TEST(Speakable, WrongUtf8IsSkipped) {
  EXPECT_EQ(Spoken("a\xff\xc3(b"), "a(b");
  EXPECT_EQ(Spoken("\xed\xa0\x80x"), "x");
}

TEST(Speakable, EachSpanIsTheSameBytesInTheSource) {
  const std::string source = "## **Paris** is [lovely](http://x.y) 🎉 _indeed_.";
  const Speakable spoken = MakeSpeakable(source, true);
  EXPECT_EQ(spoken.text, "Paris is lovely indeed.");
  for (const SourceSpan& span : spoken.spans) {
    EXPECT_EQ(spoken.text.substr(span.text_at, span.length),
              source.substr(span.source_at, span.length));
  }
}

}  // namespace
}  // namespace parley::segment
