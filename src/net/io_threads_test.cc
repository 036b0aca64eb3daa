#include "net/io_threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

#include "base/clock.h"
#include "net/testing/manual_executor.h"

namespace parley::net {
namespace {

TEST(IoThreads, TasksRunInOrderOnTheirOwnThread) {
  auto threads = IoThreads::Start(2, "test");
  ASSERT_TRUE(threads);
  Executor& executor = (*threads)->at(1);
  EXPECT_FALSE(executor.IsCurrent());
  std::vector<int> order;
  std::promise<bool> done;
  for (int i = 0; i < 100; ++i) executor.Post([&order, i] { order.push_back(i); });
  executor.Post([&] { done.set_value(executor.IsCurrent() && !(*threads)->at(0).IsCurrent()); });
  EXPECT_TRUE(done.get_future().get());
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(IoThreads, ATaskThatThrowsDoesNotEndTheThread) {
  auto threads = IoThreads::Start(1, "test");
  ASSERT_TRUE(threads);
  std::promise<void> done;
  (*threads)->at(0).Post([] { throw std::runtime_error("deliberate"); });
  (*threads)->at(0).Post([&] { done.set_value(); });
  done.get_future().get();
}

TEST(IoThreads, StoppingDestroysWhatHasNotRun) {
  auto threads = IoThreads::Start(1, "test");
  ASSERT_TRUE(threads);
  auto kept = std::make_shared<int>(1);
  (*threads)->Stop();
  (*threads)->at(0).Post([kept] { FAIL() << "ran after Stop"; });
  threads->reset();
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(IoThreads, TimersFireReplaceAndCancel) {
  auto threads = IoThreads::Start(1, "test");
  ASSERT_TRUE(threads);
  Executor& executor = (*threads)->at(0);
  const SteadyClock clock;
  std::promise<int> fired;
  std::unique_ptr<Timer> timer, cancelled;
  executor.Post([&] {
    timer = executor.MakeTimer();
    cancelled = executor.MakeTimer();
    timer->Start(clock.NowUs(), [&] { fired.set_value(1); });
    timer->Start(clock.NowUs() + 1000, [&] { fired.set_value(2); });
    cancelled->Start(clock.NowUs(), [&] { fired.set_value(3); });
    cancelled->Cancel();
  });
  EXPECT_EQ(fired.get_future().get(), 2);
  (*threads)->Stop();
  timer.reset();
  cancelled.reset();
}

TEST(IoThreads, ACountOutOfRangeIsRefusedByNumber) {
  const auto threads = IoThreads::Start(0, "test");
  ASSERT_FALSE(threads);
  EXPECT_NE(threads.error().message.find("1 to 64"), std::string::npos);
}

TEST(ManualExecutor, TimeIsTheTests) {
  FakeClock clock;
  testing::ManualExecutor executor(clock);
  std::vector<int64_t> at;
  auto a = executor.MakeTimer(), b = executor.MakeTimer();
  const int64_t start_us = clock.NowUs();
  b->Start(start_us + 2000, [&] { at.push_back(clock.NowUs() - start_us); });
  a->Start(start_us + 1000, [&] {
    at.push_back(clock.NowUs() - start_us);
    a->Start(start_us + 1500, [&] { at.push_back(clock.NowUs() - start_us); });
  });
  executor.AdvanceMs(5);
  EXPECT_EQ(at, (std::vector<int64_t>{1000, 1500, 2000}));
  EXPECT_EQ(clock.NowUs() - start_us, 5000);
  EXPECT_EQ(executor.timers_waiting(), 0u);
}

}  // namespace
}  // namespace parley::net
