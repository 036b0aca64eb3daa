#include <gtest/gtest.h>

#include <algorithm>

#include "base/testing/skip.h"
#include "cosyvoice2/goldens/registry.h"
#include "cosyvoice2/testing/golden_data.h"

namespace parley::cosyvoice2::goldens {
namespace {

// Every set of the models that is there is met within its tolerances, which stand in the sets'
// functions and in the README of the data.
void ExpectSetMet(int number) {
  const std::filesystem::path root = testing::Goldens();
  if (root.empty()) SkipCounted(testing::kNoGoldens);
  std::vector<Set> sets = ModelSets();
  std::erase_if(sets, [&](const Set& set) { return set.number != number; });
  ASSERT_EQ(sets.size(), 1U);
  const auto results = RunSets(root, sets);
  ASSERT_TRUE(results) << results.error().message;
  const Tally tally = Count(*results);
  EXPECT_EQ(tally.failed, 0U) << ToText(*results);
  EXPECT_GT(tally.passed, 0U);
}

TEST(ModelGoldens, TheLanguageModelAgreesWithTheOfficialOne) { ExpectSetMet(5); }
TEST(ModelGoldens, TheFlowsEncoderAgreesWithTheOfficialOne) { ExpectSetMet(7); }
TEST(ModelGoldens, TheEstimatorAgreesWithTheOfficialOne) { ExpectSetMet(8); }
TEST(ModelGoldens, MelFromNoiseAgreesWithTheOfficialOne) { ExpectSetMet(9); }
TEST(ModelGoldens, TheVocoderAgreesWithTheOfficialOne) { ExpectSetMet(10); }

}  // namespace
}  // namespace parley::cosyvoice2::goldens
