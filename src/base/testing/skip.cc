#include "base/testing/skip.h"

#include <cstdio>
#include <utility>
#include <vector>

namespace parley::testing {
namespace {

struct SkipList : ::testing::EmptyTestEventListener {
  std::vector<std::pair<std::string, std::string>> skips;

  void OnTestProgramEnd(const ::testing::UnitTest&) override {
    for (const auto& [test, reason] : skips) {
      std::printf("[ COUNTED SKIP ] %s: %s\n", test.c_str(), reason.c_str());
    }
  }
};

}  // namespace

void CountSkip(const std::string& reason) {
  // Owned by gtest from the first skip on.
  static SkipList* const list = [] {
    auto* made = new SkipList;
    ::testing::UnitTest::GetInstance()->listeners().Append(made);
    return made;
  }();
  ::testing::Test::RecordProperty("skip_reason", reason);
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  list->skips.emplace_back(
      test ? std::string(test->test_suite_name()) + "." + test->name() : "suite", reason);
}

}  // namespace parley::testing
