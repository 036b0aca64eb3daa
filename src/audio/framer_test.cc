#include "audio/framer.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "base/testing/no_alloc_scope.h"

namespace parley::audio {
namespace {

TEST(Framer, FramesAreWholeInOrderAndTheRestComesLast) {
  std::vector<int16_t> in(1000);
  std::iota(in.begin(), in.end(), int16_t{0});
  Framer framer(320, 200);
  std::vector<int16_t> out;
  std::vector<size_t> sizes;
  const auto drain = [&] {
    while (const auto frame = framer.Next()) {
      EXPECT_EQ(frame->pts_samples, static_cast<int64_t>(out.size()));
      sizes.push_back(frame->samples.size());
      out.insert(out.end(), frame->samples.begin(), frame->samples.end());
    }
  };
  for (std::span<const int16_t> rest = in; !rest.empty();) {
    rest = rest.subspan(framer.Push(rest.first(std::min<size_t>(rest.size(), 111))));
    drain();
  }
  framer.Finish();
  drain();
  EXPECT_EQ(out, in);
  EXPECT_EQ(sizes, (std::vector<size_t>{320, 320, 320, 40}));
}

TEST(Framer, TakesNoMoreThanItHolds) {
  Framer framer(320, 100);
  EXPECT_EQ(framer.Push(std::vector<int16_t>(1000)), 420u);
  EXPECT_EQ(framer.Push(std::vector<int16_t>(1)), 0u);
  EXPECT_TRUE(framer.Next());
  EXPECT_EQ(framer.Push(std::vector<int16_t>(1000)), 320u);
}

TEST(Framer, ANewStreamStartsAtZeroAndNothingAllocates) {
  Framer framer(160, 160);
  const std::vector<int16_t> in(200);
  const parley::testing::NoAllocScope scope;
  framer.Push(in);
  framer.Next();
  framer.Reset();
  framer.Push(in);
  EXPECT_EQ(framer.Next()->pts_samples, 0);
  EXPECT_FALSE(framer.Next());
  EXPECT_EQ(scope.count(), 0u);
}

}  // namespace
}  // namespace parley::audio
