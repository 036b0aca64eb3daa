#include <gtest/gtest.h>

#include <algorithm>

#include "base/testing/skip.h"
#include "cosyvoice2/goldens/registry.h"
#include "cosyvoice2/testing/golden_data.h"

namespace parley::cosyvoice2::goldens {
namespace {

void ExpectMet(const std::filesystem::path& root, std::vector<Set> sets) {
  const auto results = RunSets(root, sets);
  ASSERT_TRUE(results) << results.error().message;
  const Tally tally = Count(*results);
  EXPECT_EQ(tally.failed, 0U) << ToText(*results);
  EXPECT_GT(tally.passed, 0U);
}

// A set that is met within its tolerances, which stand in its function and in the README of the
// data.
void ExpectSetMet(int number) {
  const std::filesystem::path root = testing::Goldens();
  if (root.empty()) SkipCounted(testing::kNoGoldens);
  std::vector<Set> sets = ModelSets();
  std::erase_if(sets, [&](const Set& set) { return set.number != number; });
  ASSERT_EQ(sets.size(), 1U);
  ExpectMet(root, sets);
}

// The same with matrices in 8 bits, within the tolerances that are stated for those.
TEST(ModelGoldens, TheModelsAgreeInEightBits) {
  const std::filesystem::path root = testing::Goldens();
  if (root.empty()) SkipCounted(testing::kNoGoldens);
  const std::vector<Set> sets = ModelSets();
  const auto results = RunSets(root, sets, true);
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(Count(*results).failed, 0U) << ToText(*results);
  EXPECT_EQ(results->size(), 6U);
}

// Wherever the rest of the data is.
TEST(ModelGoldens, TheCasesAmongTheSourcesAreMet) {
  ExpectMet(testing::SmallGoldens(), ModelSets());
}

TEST(ModelGoldens, TheLanguageModelAgreesWithTheOfficialOne) { ExpectSetMet(5); }
TEST(ModelGoldens, TheFlowsEncoderAgreesWithTheOfficialOne) { ExpectSetMet(7); }
TEST(ModelGoldens, TheEstimatorAgreesWithTheOfficialOne) { ExpectSetMet(8); }
TEST(ModelGoldens, MelFromNoiseAgreesWithTheOfficialOne) { ExpectSetMet(9); }
TEST(ModelGoldens, TheVocoderAgreesWithTheOfficialOne) { ExpectSetMet(10); }
TEST(ModelGoldens, StreamedSpeechAgreesWithTheOfficialOne) { ExpectSetMet(11); }
TEST(ModelGoldens, TheModelsAgreeAtTheirRealWidths) { ExpectSetMet(13); }

}  // namespace
}  // namespace parley::cosyvoice2::goldens
