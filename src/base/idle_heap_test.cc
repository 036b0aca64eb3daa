#include "base/idle_heap.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "base/testing/skip.h"

namespace parley {
namespace {

int64_t ResidentPages() {
  std::ifstream statm("/proc/self/statm");
  int64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident;
}

TEST(IdleHeap, GivesBackOncePerTimeOfWorkAndNeverWhileItLasts) {
  IdleHeap heap;
  EXPECT_FALSE(heap.Look(false, 0));
  EXPECT_TRUE(heap.Look(false, 0)) << "what starting left";
  EXPECT_FALSE(heap.Look(false, 0));
  EXPECT_FALSE(heap.Look(true, 1));
  EXPECT_FALSE(heap.Look(true, 1));
  EXPECT_FALSE(heap.Look(false, 1));
  EXPECT_TRUE(heap.Look(false, 1));
  EXPECT_FALSE(heap.Look(false, 1));
  EXPECT_FALSE(heap.Look(false, 2)) << "begun and over between two looks";
  EXPECT_FALSE(heap.Look(false, 2));
  EXPECT_TRUE(heap.Look(false, 2));
}

TEST(IdleHeap, PagesGoBackToTheSystem) {
  constexpr size_t kBytes = 64 << 10, kCount = 1024;  // below the size that is mapped alone
  std::vector<std::unique_ptr<char[]>> blocks(kCount);
  for (auto& block : blocks) {
    block = std::make_unique<char[]>(kBytes);
    std::memset(block.get(), 1, kBytes);
  }
  if (mallinfo2().uordblks < kBytes * kCount) SkipCounted("the heap is a sanitizer's own");
  // The last one stays, so that the heap's top cannot go back by itself.
  for (size_t i = 0; i + 1 < kCount; ++i) blocks[i].reset();
  const int64_t before = ResidentPages();
  IdleHeap heap;
  heap.Look(false, 0);
  ASSERT_TRUE(heap.Look(false, 0));
  EXPECT_LT(ResidentPages(), before - static_cast<int64_t>(kBytes * kCount / 4096 / 2));
}

}  // namespace
}  // namespace parley
