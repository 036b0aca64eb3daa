#include "whisper/ct2_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "whisper/testing/ct2_builder.h"

namespace parley::whisper {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Small() {
  testing::Ct2Builder builder;
  builder.Add("a/weight", {2, 3}, 1.5F);
  builder.AddScalar("a/heads", 6);
  builder.AddAlias("b/weight", "a/weight");
  return builder.Bytes();
}

TEST(Ct2Reader, FindsVariablesScalarsAndAliases) {
  const std::string bytes = Small();
  const auto file = ReadCt2(bytes);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->spec, "WhisperSpec");
  EXPECT_EQ(file->revision, 3U);
  EXPECT_THAT(file->variables.at("a/weight").dims, ElementsAre(2U, 3U));
  EXPECT_EQ(file->variables.at("a/weight").ElementCount(), 6U);
  EXPECT_EQ(file->variables.at("a/heads").dims.size(), 0U);
  EXPECT_EQ(file->aliases.at("b/weight"), "a/weight");
}

TEST(Ct2Reader, RefusesEveryCutFile) {
  const std::string bytes = Small();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ReadCt2(std::string_view(bytes).substr(0, size))) << size;
  }
}

TEST(Ct2Reader, RefusesBytesAfterTheEnd) {
  const std::string bytes = Small() + "x";
  const auto file = ReadCt2(bytes);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::kDataLoss);
  EXPECT_THAT(file.error().message, HasSubstr("should end"));
}

TEST(Ct2Reader, SaysWhichVersionItKnows) {
  std::string bytes = Small();
  bytes[0] = 5;
  const auto file = ReadCt2(bytes);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::kUnimplemented);
  EXPECT_THAT(file.error().message, HasSubstr("version 5"));
}

TEST(Ct2Reader, RefusesASizeThatDoesNotFitTheShape) {
  testing::Ct2Builder builder;
  builder.Add("a", {2, 3}, Ct2Type::kF16, "only ten b");
  const auto file = ReadCt2(builder.Bytes());
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr("does not fit its shape"));
}

TEST(Ct2Reader, RefusesAShapeThatOverflows) {
  testing::Ct2Builder builder;
  builder.Add("a", {65'536, 65'536, 65'536, 65'536}, Ct2Type::kI8, "");
  const auto file = ReadCt2(builder.Bytes());
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr("impossible shape"));
}

TEST(Ct2Reader, RefusesANameThatComesTwice) {
  testing::Ct2Builder builder;
  builder.Add("a", {1}, 1.0F);
  builder.Add("a", {1}, 2.0F);
  const auto file = ReadCt2(builder.Bytes());
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr("twice"));
}

TEST(Ct2Reader, RefusesAnAliasThatLeadsNowhere) {
  testing::Ct2Builder builder;
  builder.Add("a", {1}, 1.0F);
  builder.AddAlias("b", "c");
  EXPECT_FALSE(ReadCt2(builder.Bytes()));
}

}  // namespace
}  // namespace parley::whisper
