#include "text/normalizer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/utf8.h"

namespace parley::text {
namespace {

std::unique_ptr<Normalizer> Make(const std::string& language) {
  return std::move(Normalizer::Create(language).value());
}

std::string Say(const std::string& text, const std::string& language = "en") {
  return Make(language)->Normalize(text).value().text;
}

struct Row {
  const char* written;
  const char* said;
};

void ExpectAll(const std::string& language, const std::vector<Row>& rows) {
  const auto normalizer = Make(language);
  for (const Row& row : rows) {
    EXPECT_EQ(normalizer->Normalize(row.written).value().text, row.said) << row.written;
  }
}

TEST(Normalizer, EnglishNumbers) {
  ExpectAll("en", {{"I have 12 cats.", "I have twelve cats."},
                   {"1,234,567 people",
                    "one million two hundred thirty-four thousand five hundred "
                    "sixty-seven people"},
                   {"Pi is 3.14.", "Pi is three point one four."},
                   {"agent 007", "agent zero zero seven"},
                   {"It is -5 outside", "It is minus five outside"},
                   {"10-20 or 10–20", "ten to twenty or ten to twenty"},
                   {"the 21st and 2nd", "the twenty-first and second"},
                   {"half is 1/2, not 3/4", "half is one half, not three quarters"},
                   {"call 555 123 4567 now",
                    "call five five five one two three four five six "
                    "seven now"},
                   {"twenty-five stays", "twenty-five stays"},
                   {"#5", "number five"},
                   {"B2B", "B two B"}});
}

TEST(Normalizer, EnglishMoney) {
  ExpectAll("en", {{"$12.50", "twelve dollars and fifty cents"},
                   {"It costs $1.", "It costs one dollar."},
                   {"$0.99!", "ninety-nine cents!"},
                   {"£1.01", "one pound and one penny"},
                   {"€1,000.00", "one thousand euros"},
                   {"$3 million", "three million dollars"},
                   {"$2.5bn", "two point five billion dollars"},
                   {"¥500", "five hundred yen"}});
}

TEST(Normalizer, EnglishTimesAndDates) {
  ExpectAll("en", {{"at 3:05 pm.", "at three oh five p m."},
                   {"10:00 AM", "ten a m"},
                   {"9:00 sharp", "nine o'clock sharp"},
                   {"14:30", "fourteen thirty"},
                   {"at 5pm", "at five p m"},
                   {"2026-03-03", "March third, twenty twenty-six"},
                   {"12/25/1999", "December twenty-fifth, nineteen ninety-nine"},
                   {"July 4, 1776", "July fourth, seventeen seventy-six"},
                   {"Sept. 1st", "September first"},
                   {"in May 2024", "in May twenty twenty-four"},
                   {"since 1984", "since nineteen eighty-four"},
                   {"1500 people", "one thousand five hundred people"},
                   {"the 1990s", "the nineteen nineties"},
                   {"99:99", "ninety-nine:ninety-nine"}});
}

TEST(Normalizer, EnglishUnitsAbbreviationsAndAddresses) {
  ExpectAll("en", {{"5 km/h", "five kilometers per hour"},
                   {"1 kg, 2kg", "one kilogram, two kilograms"},
                   {"20°C or 68 °F", "twenty degrees Celsius or sixty-eight degrees Fahrenheit"},
                   {"99.9%", "ninety-nine point nine percent"},
                   {"16 GB", "sixteen gigabytes"},
                   {"Dr. Smith vs. Mr. Jones", "Doctor Smith versus Mister Jones"},
                   {"e.g. this, i.e. that", "for example this, that is that"},
                   {"St. Paul, No. 5", "Saint Paul, number five"},
                   {"salt & pepper", "salt and pepper"},
                   {"Mail jane.doe@example.com.", "Mail jane dot doe at example dot com."},
                   {"See https://www.example.org/a/b?c=1.", "See example dot org."},
                   {"Dr.@3.50", "Dr dot at 3 dot 50"},
                   {"on example.com/path now", "on example dot com now"}});
}

TEST(Normalizer, MarkupAndEmojiAreNotSpoken) {
  ExpectAll("en", {{"**Bold** and _soft_ and `code`", "Bold and soft and code"},
                   {"# Heading", "Heading"},
                   {"- item", "item"},
                   {"[the words](https://a.b/c) follow", "the words follow"},
                   {"Great 👍🏽 job 🇫🇷!", "Great job !"},
                   {"😀🎉👩‍👩‍👧", ""},
                   {"", ""},
                   {"  \n\t ", ""},
                   {"a\x01\x02 b\xff\xfe c\u202e", "a b c"},
                   {"two   spaces\nand a line", "two spaces and a line"}});
}

TEST(Normalizer, OtherLanguagesSpellTheirNumbers) {
  EXPECT_EQ(Say("Das kostet 12,50 € oder 25 %.", "de"),
            "Das kostet zwölf Komma fünf Euro oder fünfundzwanzig Prozent.");
  EXPECT_EQ(Say("J'ai 21 chats", "fr"), "J'ai vingt-et-un chats");
  EXPECT_EQ(Say("Son 1.234 personas", "es"), "Son mil doscientos treinta y cuatro personas");
  EXPECT_EQ(Say("7 коней", "ru"), "семь коней");
  EXPECT_EQ(Say("今天有 3 个", "zh"), "今天有 三 个");
}

TEST(Normalizer, MixedScriptsPassThrough) {
  EXPECT_EQ(Say("Привет, 你好, مرحبا and नमस्ते"), "Привет, 你好, مرحبا and नमस्ते");
}

TEST(Normalizer, LettersWithLooseAccentsAreComposed) {
  const Normalized made = Make("en")->Normalize("cafe\u0301 now").value();
  EXPECT_EQ(made.text, "caf\u00e9 now");
  EXPECT_EQ(made.spans.SourceOffset(5), 6u);
}

TEST(Normalizer, MarksLeadBackToTheTextAsReceived) {
  const std::string source = "Pay $12.50 *now*, please.";
  const Normalized made = Make("en")->Normalize(source).value();
  ASSERT_EQ(made.text, "Pay twelve dollars and fifty cents now, please.");
  const auto heard = [&](const std::string& spoken) {
    return source.substr(0, made.spans.SourceOffset(made.text.find(spoken) + spoken.size()));
  };
  EXPECT_EQ(heard("Pay"), "Pay");
  EXPECT_EQ(heard("twelve"), "Pay ");
  EXPECT_EQ(heard("cents"), "Pay $12.50");
  EXPECT_EQ(heard("now"), "Pay $12.50 *now*");
  EXPECT_EQ(heard("please."), source);
}

TEST(Normalizer, HugeTextIsBoundedAndRefusedBeyondTheLimit) {
  std::string huge;
  while (huge.size() + 16 < Normalizer::kTextBytesMax) huge += "[1-2 $3.5 a@b_ ";
  EXPECT_TRUE(Make("en")->Normalize(huge));
  EXPECT_TRUE(Make("en")->Normalize(std::string(Normalizer::kTextBytesMax, '[')));
  EXPECT_TRUE(Make("en")->Normalize(std::string(Normalizer::kTextBytesMax, '7')));
  EXPECT_EQ(Make("en")->Normalize(std::string(Normalizer::kTextBytesMax + 1, 'a')).error().code,
            Code::kOutOfRange);
}

TEST(Normalizer, ALanguageWithoutNumberWordsIsNamed) {
  const auto made = Normalizer::Create("tlh");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kUnimplemented);
  EXPECT_NE(made.error().message.find("tlh"), std::string::npos);
}

TEST(Normalizer, BesideAGrammarOnlyWhatItSaysWorseIsSaid) {
  const auto normalizer =
      std::move(Normalizer::Create("en", Normalizer::Rules::kBesideGrammar).value());
  const auto say = [&](const std::string& text) { return normalizer->Normalize(text)->text; };
  EXPECT_EQ(say("**Pay** $12.50 by July 4, 1776"),
            "Pay twelve dollars and fifty cents by July fourth, seventeen seventy-six");
  EXPECT_EQ(say("a 10 m rope at 3:05 pm for 12 cats"), "a ten meters rope at 3:05 pm for 12 cats");
  const auto other = std::move(Normalizer::Create("zh", Normalizer::Rules::kBesideGrammar).value());
  EXPECT_EQ(other->Normalize("有 3 **只**")->text, "有 3 只");
}

// text ─ later ─▶ between ─ earlier ─▶ source.
TEST(SpanMap, TwoInARowAreJoined) {
  SpanMap earlier;  // "# a*b* XY" → "a b Z", dropping the marks
  earlier.AddReplacement(0, 2);
  earlier.AddCopy(1);
  earlier.AddReplacement(1, 1);
  earlier.AddCopy(1);
  earlier.AddReplacement(0, 1);
  earlier.AddCopy(1);
  earlier.AddReplacement(1, 2);
  SpanMap later;  // "a b Z" → "a bee Z"
  later.AddCopy(2);
  later.AddReplacement(3, 1);
  later.AddCopy(2);
  const SpanMap joined = later.Through(earlier);
  EXPECT_EQ(joined.text_bytes(), 7u);
  EXPECT_EQ(joined.source_bytes(), earlier.source_bytes());
  EXPECT_EQ(joined.SourceOffset(1), 3u);  // "a"
  EXPECT_EQ(joined.SourceOffset(2), 4u);
  EXPECT_EQ(joined.SourceOffset(4), 4u);  // "be"
  EXPECT_EQ(joined.SourceOffset(5), 6u);  // "bee", and the mark behind
  EXPECT_EQ(joined.SourceOffset(7), 9u);
}

std::string AnyText(const std::vector<uint8_t>& choices) {
  static const std::vector<std::string> kParts = {
      "a",    " ",    "12",     "$",    "3.50", "%",    "é",   "e\u0301", "👍",
      "\xff", "\x01", "\u202e", "日本", "**",   "[x](", ")",   ".",       ",",
      "pm",   ":",    "05",     "-",    "www.", "@",    "com", "May",     "1984",
      "in ",  "#",    "\n",     "1st ", "/",    "Dr.",  "St. "};
  std::string text;
  for (const uint8_t choice : choices) text += kParts[choice % kParts.size()];
  return text;
}

RC_GTEST_PROP(NormalizerProperty, SpansAreOrderedAndCoverBothTexts,
              (const std::vector<uint8_t>& choices)) {
  static Normalizer* const normalizer = Make("en").release();
  const std::string source = AnyText(choices);
  const Normalized made = normalizer->Normalize(source).value();
  RC_ASSERT(IsValidUtf8(made.text));
  RC_ASSERT(made.spans.text_bytes() == made.text.size());
  RC_ASSERT(made.spans.source_bytes() == source.size());
  size_t text_at = 0;
  size_t source_at = 0;
  for (const SpanMap::Piece& piece : made.spans.pieces()) {
    RC_ASSERT(piece.text_at == text_at);
    RC_ASSERT(piece.source_at == source_at);
    if (piece.copy) {
      RC_ASSERT(made.text.substr(text_at, piece.text_bytes) ==
                source.substr(source_at, piece.source_bytes));
    }
    text_at += piece.text_bytes;
    source_at += piece.source_bytes;
  }
  size_t last = 0;
  for (size_t bytes = 0; bytes <= made.text.size(); ++bytes) {
    const size_t offset = made.spans.SourceOffset(bytes);
    RC_ASSERT(offset >= last);
    last = offset;
  }
  RC_ASSERT(made.text.empty() || last == source.size());
  RC_ASSERT(made.text.find("  ") == std::string::npos);
}

RC_GTEST_PROP(SpanMapProperty, JoiningIsAskingOneAfterTheOther,
              (const std::vector<uint8_t>& choices)) {
  static Normalizer* const normalizer = Make("en").release();
  const Normalized first = normalizer->Normalize(AnyText(choices)).value();
  const Normalized second = normalizer->Normalize(first.text).value();
  const SpanMap joined = second.spans.Through(first.spans);
  RC_ASSERT(joined.text_bytes() == second.text.size());
  RC_ASSERT(joined.source_bytes() == first.spans.source_bytes());
  for (size_t bytes = 1; bytes <= second.text.size(); ++bytes) {
    RC_ASSERT(joined.SourceOffset(bytes) ==
              first.spans.SourceOffset(second.spans.SourceOffset(bytes)));
  }
}

}  // namespace
}  // namespace parley::text
