#include "cosyvoice2/text/text_frontend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/skip.h"
#include "cosyvoice2/goldens/front_sets.h"
#include "cosyvoice2/testing/golden_data.h"
#include "cosyvoice2/testing/small_tokenizer.h"
#include "cosyvoice2/text/number_words.h"
#include "cosyvoice2/text/split.h"

namespace parley::cosyvoice2 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Segments(std::string_view text, TextMode mode = TextMode::kNormalize) {
  const auto tokenizer = testing::SmallTokenizer();
  return TextFrontend(*tokenizer).Segments(text, mode);
}

TEST(NumberInWords, JoinsGroupsByCommasAndTheLastFewByAnd) {
  EXPECT_EQ(NumberInWords("1234567"),
            "one million, two hundred and thirty-four thousand, five hundred and sixty-seven");
  EXPECT_EQ(NumberInWords("1001000"), "one million, one thousand");
  EXPECT_EQ(NumberInWords("1000001"), "one million and one");
  EXPECT_EQ(NumberInWords("007"), "seven");
  EXPECT_EQ(NumberInWords(""), "zero");
  EXPECT_EQ(NumberInWords("1" + std::string(33, '0')), "one decillion");
  EXPECT_EQ(NumberInWords("1" + std::string(36, '2')).substr(0, 11), "one two two");
}

TEST(SpellOutNumbers, FiguresOfOtherScriptsAreFigures) {
  EXPECT_EQ(SpellOutNumbers("٣ apples"), "three apples");
  EXPECT_EQ(SpellOutNumbers("x² = 3.14"), "xzero = three.fourteen");
}

TEST(TextFrontend, ChineseLosesSpacesBracketsAndFullStops) {
  EXPECT_THAT(Segments("今天 is a good 日子"), ElementsAre("今天is a good日子。"));
  EXPECT_THAT(Segments("（括号）3.14，"), ElementsAre("括号3。14。"));
}

TEST(TextFrontend, TextWithControlTokensIsLeftAsItIs) {
  EXPECT_THAT(Segments(" 用四川话说<|endofprompt|>你好. 12 "),
              ElementsAre(" 用四川话说<|endofprompt|>你好. 12 "));
  EXPECT_THAT(Segments("12.", TextMode::kOff), ElementsAre("12."));
}

TEST(TextFrontend, NothingIsSaidForPunctuationAlone) {
  EXPECT_THAT(Segments("！？。"), IsEmpty());
  EXPECT_THAT(Segments("..."), IsEmpty());
  EXPECT_THAT(Segments(" \n "), IsEmpty());
}

TEST(TextFrontend, AQuoteWithNothingBeforeItDoesNoHarm) {
  EXPECT_THAT(Segments("。”开头不好"), ElementsAre("”开头不好。"));
}

TEST(TextFrontend, TakesAnyBytes) {
  EXPECT_EQ(Segments("\xff\xfe").size(), 0U);  // replacement characters are symbols
  EXPECT_EQ(Segments("a\xff").size(), 1U);
  EXPECT_GE(Segments(std::string(10'000, 'a')).size(), 1U);
}

TEST(SplitText, AShortRestJoinsTheSegmentBefore) {
  const auto tokenizer = testing::SmallTokenizer();
  const SplitLimits limits{8, 4, 3};
  EXPECT_THAT(SplitText("一二三。四五六七！八九十；甲乙丙丁？戊己庚辛。", TextKind::kChinese,
                        *tokenizer, limits),
              ElementsAre("一二三。四五六七！", "八九十；甲乙丙丁？", "戊己庚辛。"));
  EXPECT_THAT(SplitText("一二三四五六。七。", TextKind::kChinese, *tokenizer, limits),
              ElementsAre("一二三四五六。七。"));
}

TEST(TextFrontend, GivesEveryGoldenText) {
  const auto root = testing::Goldens();
  if (root.empty()) SkipCounted(testing::kNoGoldens);
  const auto rows = goldens::RunTextSet({root, root / "G3_text"});
  ASSERT_TRUE(rows) << rows.error().message;
  for (const goldens::Row& row : *rows) {
    EXPECT_EQ(row.verdict, goldens::Verdict::kPassed) << row.case_name << ": " << row.note;
  }
}

}  // namespace
}  // namespace parley::cosyvoice2
