// The grammars against what their authors' own program says (tests/data/wetext_cases.json), and
// what must hold of any text.
#include "grammar/text_grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/testing/skip.h"
#include "grammar/internal/pieces.h"
#include "grammar/internal/tagged_text.h"
#include "grammar/testing/grammar_files.h"
#include "text/utf8.h"

namespace parley::grammar {
namespace {

using ::testing::HasSubstr;
using text::Normalized;
using text::SpanMap;

#define LOAD_OR_SKIP(grammar, language)               \
  const auto grammar = testing::LoadWetext(language); \
  if (!grammar) SkipCounted("the model text/wetext is not in " + testing::WetextFolder().string())

std::string Say(const TextGrammar& grammar, const std::string& text) {
  const auto made = grammar.Normalize(text);
  return made ? made->text : made.error().message;
}

void ExpectAuthorsWords(Language language) {
  LOAD_OR_SKIP(grammar, language);
  std::ifstream file(PARLEY_SOURCE_DIR "/tests/data/wetext_cases.json");
  const auto cases = nlohmann::json::parse(file).at(std::string(CodeOf(language)));
  ASSERT_GT(cases.size(), 30u);
  for (const auto& row : cases) {
    EXPECT_EQ(Say(*grammar, row[0]), row[1].get<std::string>()) << row[0];
  }
}

TEST(TextGrammar, EnglishIsSaidAsItsAuthorsProgramDoes) { ExpectAuthorsWords(Language::kEnglish); }
TEST(TextGrammar, ChineseIsSaidAsItsAuthorsProgramDoes) { ExpectAuthorsWords(Language::kChinese); }
TEST(TextGrammar, JapaneseIsSaidAsItsAuthorsProgramDoes) {
  ExpectAuthorsWords(Language::kJapanese);
}

// What of the source has been spoken when the words up to and with `spoken` have.
std::string Heard(const Normalized& made, const std::string& source, const std::string& spoken) {
  return source.substr(0, made.spans.SourceOffset(made.text.find(spoken) + spoken.size()));
}

TEST(TextGrammar, MarksLeadBackToTheSource) {
  LOAD_OR_SKIP(grammar, Language::kEnglish);
  const std::string source = "We meet at 3:05 pm, bring 12 cups.";
  const Normalized made = grammar->Normalize(source).value();
  ASSERT_EQ(made.text, "We meet at three o five PM, bring twelve cups.");
  EXPECT_EQ(Heard(made, source, "meet"), "We meet");
  EXPECT_EQ(Heard(made, source, "three"), "We meet at ");
  EXPECT_EQ(Heard(made, source, "five"), "We meet at ");
  EXPECT_EQ(Heard(made, source, "PM"), "We meet at 3:05 pm");
  EXPECT_EQ(Heard(made, source, "bring"), "We meet at 3:05 pm, bring");
  EXPECT_EQ(Heard(made, source, "twelve"), "We meet at 3:05 pm, bring 12");
  EXPECT_EQ(Heard(made, source, "cups."), source);
}

TEST(TextGrammar, ChineseMarksLeadBackToTheSource) {
  LOAD_OR_SKIP(grammar, Language::kChinese);
  const std::string source = "价格是¥12.50,有12只";
  const Normalized made = grammar->Normalize(source).value();
  ASSERT_EQ(made.text, "价格是十二点五零元,有十二只");
  EXPECT_EQ(Heard(made, source, "格"), "价格");
  EXPECT_EQ(Heard(made, source, "十二点"), "价格是");
  EXPECT_EQ(Heard(made, source, "元"), "价格是¥12.50");
  EXPECT_EQ(Heard(made, source, "有"), "价格是¥12.50,有");
}

TEST(TextGrammar, QuotesAndBackslashesAreNotEscaped) {
  LOAD_OR_SKIP(grammar, Language::kEnglish);
  EXPECT_EQ(Say(*grammar, "She said \"12\" and \\ left"), "She said \"twelve\" and \\ left");
}

TEST(TextGrammar, ALongTextIsSaidWhole) {
  LOAD_OR_SKIP(grammar, Language::kChinese);
  std::string source, expected;
  for (int i = 0; i < 300; ++i) {
    source += "有3只猫。";
    expected += "有三只猫。";
  }
  EXPECT_EQ(Say(*grammar, source), expected);
}

TEST(TextGrammar, NonsenseCostsABoundedAmountOfWork) {
  LOAD_OR_SKIP(grammar, Language::kEnglish);
  for (const std::string part : {"1", "1-", "$1.", "a.", "1/2 ", ":3"}) {
    std::string text;
    while (text.size() + part.size() <= text::Normalizer::kTextBytesMax) text += part;
    const auto made = grammar->Normalize(text);
    EXPECT_TRUE(made || made.error().code == Code::kResourceExhausted) << part;
  }
}

TEST(TextGrammar, ASmallGrammarNeedsNoFiles) {
  const auto toy = testing::ToyGrammar();
  EXPECT_EQ(Say(*toy, "at 5 or \"75\""), "at five or \"seven andfive\"");
  EXPECT_EQ(Say(*toy, ""), "");
  EXPECT_EQ(Say(*toy, "  "), "  ");
  const Normalized made = toy->Normalize("a 5 b").value();
  ASSERT_EQ(made.text, "a five b");
  EXPECT_EQ(Heard(made, "a 5 b", "a"), "a");
  EXPECT_EQ(Heard(made, "a 5 b", "fiv"), "a ");
  EXPECT_EQ(Heard(made, "a 5 b", "five"), "a 5");
}

TEST(TextGrammar, WhatAGrammarDoesNotTakeStays) {
  testing::FstWriter empty;
  empty.final = empty.AddState();
  const TextGrammar::Source nothing{empty.Bytes(), "empty.fst"};
  const auto grammar = TextGrammar::Parse(Language::kEnglish, nothing, nothing);
  ASSERT_TRUE(grammar);
  EXPECT_EQ(Say(**grammar, "I have 5."), "I have 5.");
}

TEST(TextGrammar, AGrammarWithTooManyReadingsIsStopped) {
  // Each byte is read in a hundred thousand ways.
  testing::FstWriter wild;
  const int home = wild.AddState();
  for (int i = 0; i < 100'000; ++i) {
    const int next = wild.AddState();
    wild.AddArc(home, {.in = 'a', .out = 'a', .next = next});
    wild.AddArc(next, {.out = 'a', .next = 100'001});
  }
  const int meeting = wild.AddState();
  wild.AddArc(meeting, {.in = 'a', .out = 'a', .next = home});
  const TextGrammar::Source source{wild.Bytes(), "wild.fst"};
  const auto grammar = TextGrammar::Parse(Language::kEnglish, source, source);
  ASSERT_TRUE(grammar) << grammar.error().message;
  const auto made = (*grammar)->Normalize(std::string(500, 'a'));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kResourceExhausted);
  EXPECT_THAT(made.error().message, HasSubstr("too many readings for the grammar 'en'"));
}

TEST(TextGrammar, AMissingOrBrokenFileIsNamed) {
  const auto missing = TextGrammar::Load(Language::kEnglish, "/nowhere/a.fst", "/nowhere/b.fst");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("/nowhere/a.fst"));
  const auto broken =
      TextGrammar::Parse(Language::kEnglish, testing::ToyTagger(), {"no fst", "broken.fst"});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Code::kDataLoss);
  EXPECT_THAT(broken.error().message, HasSubstr("broken.fst"));
}

TEST(Pieces, ALongTextIsCutBehindSentencesThenWordsThenCharacters) {
  EXPECT_EQ(internal::PieceEnd("short", 8), 5u);
  EXPECT_EQ(internal::PieceEnd("One. Two three", 10), 5u);
  EXPECT_EQ(internal::PieceEnd("one two three", 10), 8u);
  EXPECT_EQ(internal::PieceEnd("一二。三四", 10), 9u);
  EXPECT_EQ(internal::PieceEnd("一二三四", 10), 9u);
  EXPECT_TRUE(internal::HasFigure("第３章"));
  EXPECT_TRUE(internal::HasFigure("a1"));
  EXPECT_FALSE(internal::HasFigure("没有，"));
}

TEST(TaggedText, MembersStandInTheOrderInWhichTheyAreSaid) {
  const auto order = [](std::string_view tagged, Language language) {
    const auto ordered = internal::OrderMembers(tagged, language);
    return ordered ? ordered->text : "malformed";
  };
  EXPECT_EQ(order("money { currency_maj: \"$\" integer_part: \"5\" } p { v: \"\\\"\" }",
                  Language::kEnglish),
            "money { integer_part: \"5\" currency_maj: \"$\" } p { v: \"\\\"\" }");
  EXPECT_EQ(order("decimal { a: \"0\"  b: \"5\" }", Language::kEnglish),
            "decimal { a: \"0\" b: \"5\" }");
  EXPECT_EQ(order("date { month: \"3\" year: \"2026\" }", Language::kChinese),
            "date { year: \"2026\" month: \"3\" }");
  EXPECT_EQ(order("date { month: \"3\" day: \"1\" preserve_order: \"true\" }", Language::kEnglish),
            "date { month: \"3\" day: \"1\" preserve_order: \"true\" }");
  for (const char* bad :
       {"x", "x {", "x { y", "x { y: \"", "x { y: \"\\", "{ }", "x{ }", "x { y }"}) {
    EXPECT_EQ(order(bad, Language::kEnglish), "malformed") << bad;
  }
}

TEST(Languages, AreNamedByTheirFirstPart) {
  EXPECT_EQ(LanguageOf("en-GB"), Language::kEnglish);
  EXPECT_EQ(LanguageOf("zh_CN"), Language::kChinese);
  EXPECT_EQ(LanguageOf("ja"), Language::kJapanese);
  EXPECT_EQ(LanguageOf("jav"), std::nullopt);
  EXPECT_EQ(LanguageOf("de"), std::nullopt);
}

std::string AnyText(const std::vector<uint8_t>& choices) {
  static const std::vector<std::string> kParts = {
      "a",  " ", "12", "$",  "3.50", "%",  "é",  "日",   "本",  "月",  "5",  ".",   ",",
      "pm", ":", "05", "-",  "\"",   "\\", "{",  "}",    "V",   "年",  "/",  "kg",  "。",
      "７", "👍", "@",  "Dr", "第",   "1/", "點", "half", "€9 ", "2nd", "\t", "\xff"};
  std::string text;
  for (const uint8_t choice : choices) text += kParts[choice % kParts.size()];
  return text;
}

void CheckSpans(const TextGrammar& grammar, const std::string& source) {
  const auto made = grammar.Normalize(source);
  RC_ASSERT(made.has_value());
  RC_ASSERT(text::IsValidUtf8(made->text));
  RC_ASSERT(made->spans.text_bytes() == made->text.size());
  RC_ASSERT(made->spans.source_bytes() == source.size());
  size_t text_at = 0;
  size_t source_at = 0;
  for (const SpanMap::Piece& piece : made->spans.pieces()) {
    RC_ASSERT(piece.text_at == text_at);
    RC_ASSERT(piece.source_at == source_at);
    text_at += piece.text_bytes;
    source_at += piece.source_bytes;
    RC_ASSERT(internal::IsBoundary(source, source_at));
    if (!piece.copy) continue;
    RC_ASSERT(made->text.substr(piece.text_at, piece.text_bytes) ==
              source.substr(piece.source_at, piece.source_bytes));
  }
}

RC_GTEST_PROP(TextGrammarProperty, AnyTextHasSpansThatAreOrderedAndCoverBothTexts,
              (const std::vector<uint8_t>& choices)) {
  static const TextGrammar* const toy = testing::ToyGrammar().release();
  static const TextGrammar* const english = testing::LoadWetext(Language::kEnglish).release();
  static const TextGrammar* const chinese = testing::LoadWetext(Language::kChinese).release();
  static const TextGrammar* const japanese = testing::LoadWetext(Language::kJapanese).release();
  const std::string source = text::Clean(AnyText(choices)).text;
  for (const TextGrammar* grammar : {toy, english, chinese, japanese}) {
    if (grammar != nullptr) CheckSpans(*grammar, source);
  }
}

}  // namespace
}  // namespace parley::grammar
