#include "ports/stream.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace parley::ports {
namespace {

TEST(SinkGate, NothingFollowsTheLastEvent) {
  std::vector<int> seen;
  SinkGate<int> gate([&](int event) { seen.push_back(event); });
  EXPECT_TRUE(gate.Deliver(1));
  EXPECT_TRUE(gate.Deliver(2, /*is_last=*/true));
  EXPECT_FALSE(gate.Deliver(3));
  EXPECT_EQ(seen, (std::vector{1, 2}));
}

TEST(SinkGate, CloseWaitsForACallOnAnotherThread) {
  std::promise<void> entered;
  std::promise<void> leave;
  std::atomic<bool> left = false;
  SinkGate<int> gate([&](int) {
    entered.set_value();
    leave.get_future().wait();
    left = true;
  });
  std::thread caller([&] { gate.Deliver(1); });
  entered.get_future().wait();
  std::thread releaser([&] { leave.set_value(); });
  gate.Close();
  EXPECT_TRUE(left);
  EXPECT_FALSE(gate.Deliver(2));
  caller.join();
  releaser.join();
}

TEST(SinkGate, ASinkMayCloseItsOwnGate) {
  SinkGate<int>* self = nullptr;
  int calls = 0;
  SinkGate<int> gate([&](int) {
    ++calls;
    self->Close();
  });
  self = &gate;
  EXPECT_TRUE(gate.Deliver(1));
  EXPECT_FALSE(gate.Deliver(2));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace parley::ports
