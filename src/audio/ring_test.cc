#include "audio/ring.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>
#include <vector>

#include "base/testing/no_alloc_scope.h"

namespace parley::audio {
namespace {

TEST(Ring, TakesWhatFitsAndSaysSo) {
  Ring<int> ring(4);
  const std::vector<int> in = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(ring.Write(in), 4u);
  EXPECT_EQ(ring.Write(in), 0u);
  std::vector<int> out(3);
  EXPECT_EQ(ring.Read(out), 3u);
  EXPECT_EQ(out, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(ring.Write(std::span(in).subspan(4)), 2u);
  EXPECT_EQ(ring.Read(out), 3u);
  EXPECT_EQ(out, (std::vector<int>{4, 5, 6}));
  EXPECT_EQ(ring.Read(out), 0u);
}

TEST(Ring, DiscardDropsTheOldest) {
  Ring<int> ring(8);
  ring.Write(std::vector<int>{1, 2, 3, 4});
  EXPECT_EQ(ring.Discard(3), 3u);
  std::vector<int> out(8);
  EXPECT_EQ(ring.Read(out), 1u);
  EXPECT_EQ(out[0], 4);
  EXPECT_EQ(ring.Clear(), 0u);
}

TEST(Ring, TwoThreadsLoseNothingAndKeepTheOrder) {
  constexpr uint32_t kTotal = 1'000'000;
  Ring<uint32_t> ring(1000);
  std::thread producer([&ring] {
    std::vector<uint32_t> block;
    for (uint32_t next = 0; next < kTotal;) {
      block.clear();
      for (uint32_t i = 0; i < 1 + next % 700 && next + i < kTotal; ++i) block.push_back(next + i);
      const size_t taken = ring.Write(block);
      next += static_cast<uint32_t>(taken);
      if (taken == 0) std::this_thread::yield();
    }
  });
  std::vector<uint32_t> block(311);
  uint32_t expected = 0;
  bool in_order = true;
  while (expected < kTotal) {
    const size_t count = ring.Read(block);
    for (size_t i = 0; i < count; ++i) in_order &= block[i] == expected++;
    if (count == 0) std::this_thread::yield();
  }
  producer.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(ring.size(), 0u);
}

TEST(Ring, RunsWithoutAllocating) {
  Ring<float> ring(960);
  std::vector<float> block(480);
  const parley::testing::NoAllocScope scope;
  for (int i = 0; i < 10; ++i) {
    ring.Write(block);
    ring.Read(block);
  }
  EXPECT_EQ(scope.count(), 0u);
}

}  // namespace
}  // namespace parley::audio
