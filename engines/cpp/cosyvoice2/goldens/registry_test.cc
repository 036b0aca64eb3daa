#include "cosyvoice2/goldens/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/testing/temp_dir.h"

namespace parley::cosyvoice2::goldens {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr std::array<float, 3> kExpected = {1.0F, -4.0F, 2.0F};

Result<std::vector<Row>> OnePasses(const Place& place) {
  return std::vector<Row>{CompareExact(place.set.filename().string(), "ids", 0)};
}
Result<std::vector<Row>> OneFails(const Place&) {
  return std::vector<Row>{CompareExact("x", "ids", 3, "id 7 differs")};
}
Result<std::vector<Row>> Breaks(const Place&) { return Fail(Code::kDataLoss, "a.npy is cut"); }

TEST(GoldenCompare, MeasuresTheGreatestDifferenceAndPutsItBesideTheTolerance) {
  const std::array<float, 3> found = {1.0F, -4.5F, 2.25F};
  const Row row = Compare("a", "t", found, kExpected, 0.5);
  EXPECT_DOUBLE_EQ(row.max_abs, 0.5);
  EXPECT_DOUBLE_EQ(row.max_rel, 0.125);
  EXPECT_EQ(row.verdict, Verdict::kPassed);
  EXPECT_EQ(Compare("a", "t", found, kExpected, 0.4).verdict, Verdict::kFailed);
  EXPECT_EQ(CompareRelative("a", "t", found, kExpected, 0.2).verdict, Verdict::kPassed);
}

TEST(GoldenCompare, NeitherAWrongLengthNorNotANumberPasses) {
  const std::array<float, 2> shorter = {1.0F, -4.0F};
  EXPECT_EQ(Compare("a", "t", shorter, kExpected, 1e9).verdict, Verdict::kFailed);
  const std::array<float, 3> nan = {1.0F, std::numeric_limits<float>::quiet_NaN(), 2.0F};
  EXPECT_EQ(Compare("a", "t", nan, kExpected, 1e9).verdict, Verdict::kFailed);
}

TEST(GoldenSets, RunInOrderWhereTheirFolderIsThere) {
  const parley::testing::TempDir dir;
  std::filesystem::create_directories(dir.path() / "G2_tokenizer");
  std::filesystem::create_directories(dir.path() / "G11_stream");
  const Set sets[] = {{11, OneFails}, {2, OnePasses}, {1, OnePasses}};
  const auto results = RunSets(dir.path(), sets);
  ASSERT_TRUE(results);
  ASSERT_EQ(results->size(), 3U);
  EXPECT_EQ((*results)[0].rows[0].verdict, Verdict::kSkipped);
  EXPECT_EQ((*results)[1].rows[0].case_name, "G2_tokenizer");
  EXPECT_EQ((*results)[2].name, "G11_stream");
  EXPECT_THAT(ToText(*results), EndsWith("1 passed, 1 failed, 1 skipped\n"));
}

TEST(GoldenSets, AnErrorIsAFailureOfThatSetAlone) {
  const parley::testing::TempDir dir;
  std::filesystem::create_directories(dir.path() / "G1_reader");
  std::filesystem::create_directories(dir.path() / "G2_tokenizer");
  const Set sets[] = {{1, Breaks}, {2, OnePasses}};
  const auto results = RunSets(dir.path(), sets);
  ASSERT_TRUE(results);
  const Tally tally = Count(*results);
  EXPECT_EQ(tally.failed, 1U);
  EXPECT_EQ(tally.passed, 1U);
  EXPECT_THAT(ToText(*results), HasSubstr("a.npy is cut"));
  const auto json = nlohmann::json::parse(ToJson(*results));
  EXPECT_EQ(json["failed"], 1);
  EXPECT_TRUE(json["sets"][0]["rows"][0]["max_abs"].is_null());
}

TEST(GoldenSets, ACaseListOfAnotherShapeIsAFailureToo) {
  const parley::testing::TempDir dir;
  std::filesystem::create_directories(dir.path() / "G1_reader");
  const Set sets[] = {{1, [](const Place&) -> Result<std::vector<Row>> {
                         return std::vector<Row>(nlohmann::json::object().at("cases"));
                       }}};
  const auto results = RunSets(dir.path(), sets);
  ASSERT_TRUE(results);
  EXPECT_EQ(Count(*results).failed, 1U);
  EXPECT_THAT(ToText(*results), HasSubstr("a case list in"));
}

TEST(GoldenSets, SayThatTheFolderIsNotThere) {
  const auto results = RunSets("/no/such/folder", {});
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().code, Code::kNotFound);
}

}  // namespace
}  // namespace parley::cosyvoice2::goldens
