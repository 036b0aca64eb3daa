#include "text/language.h"

#include <gtest/gtest.h>

namespace parley::text {
namespace {

TEST(LanguageOf, IsToldByTheWritingAmongThoseThatTheVoiceSpeaks) {
  const std::vector<std::string> many = {"zh-CN", "en", "ja", "ko"};
  EXPECT_EQ(LanguageOf("今天是3月", many), "zh-CN");
  EXPECT_EQ(LanguageOf("今日は3月です", many), "ja");
  EXPECT_EQ(LanguageOf("오늘은 3월", many), "ko");
  EXPECT_EQ(LanguageOf("It is March.", many), "en");
  EXPECT_EQ(LanguageOf("我买了iPhone", many), "zh-CN") << "a foreign name changes nothing";
}

TEST(LanguageOf, IsTheVoicesFirstWhereTheWritingTellsNothing) {
  EXPECT_EQ(LanguageOf("2026-03-03", {"zh", "en"}), "zh");
  EXPECT_EQ(LanguageOf("今天", {"en", "de"}), "en");
  EXPECT_EQ(LanguageOf("今日", {"en", "ja"}), "ja");
  EXPECT_EQ(LanguageOf("Hello", {"zh"}), "zh");
  EXPECT_EQ(LanguageOf("Hello", {}), "en");
}

}  // namespace
}  // namespace parley::text
