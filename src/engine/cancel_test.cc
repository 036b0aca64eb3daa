#include "engine/cancel.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <utility>

namespace parley::engine {
namespace {

TEST(CancelFlag, RunsEveryHookOnceWhenSet) {
  CancelFlag flag;
  int first = 0;
  int second = 0;
  const CancelFlag::Hook a = flag.Add([&] { ++first; });
  const CancelFlag::Hook b = flag.Add([&] { ++second; });
  EXPECT_FALSE(flag.IsSet());
  flag.Set();
  flag.Set();
  EXPECT_TRUE(flag.IsSet());
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
}

TEST(CancelFlag, AHookAddedTooLateRunsAtOnce) {
  CancelFlag flag;
  flag.Set();
  int runs = 0;
  const CancelFlag::Hook hook = flag.Add([&] { ++runs; });
  EXPECT_EQ(runs, 1);
}

TEST(CancelFlag, AHookThatIsGoneIsNotRun) {
  CancelFlag flag;
  int runs = 0;
  std::optional<CancelFlag::Hook> hook = flag.Add([&] { ++runs; });
  CancelFlag::Hook moved = std::move(*hook);
  hook.reset();
  moved = CancelFlag::Hook();
  flag.Set();
  EXPECT_EQ(runs, 0);
}

// Under ThreadSanitizer this fails if the end of a hook did not wait for a run of it.
TEST(CancelFlag, TheEndOfAHookWaitsForItsRun) {
  for (int round = 0; round < 200; ++round) {
    CancelFlag flag;
    int touched = 0;
    std::thread canceller;
    {
      const CancelFlag::Hook hook = flag.Add([&] { ++touched; });
      canceller = std::thread([&] { flag.Set(); });
    }
    ++touched;
    canceller.join();
  }
}

}  // namespace
}  // namespace parley::engine
