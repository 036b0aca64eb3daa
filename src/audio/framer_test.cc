#include "audio/framer.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "base/testing/no_alloc_scope.h"

namespace parley::audio {
namespace {

TEST(Framer, FramesAreWholeAndInOrderAndTheLastIsFilledUp) {
  std::vector<int16_t> in(1000);
  std::iota(in.begin(), in.end(), int16_t{0});
  Framer framer(320, 200);
  std::vector<int16_t> out;
  std::vector<size_t> sizes, padding;
  std::vector<bool> last;
  const auto drain = [&] {
    while (const auto frame = framer.Next()) {
      EXPECT_EQ(frame->pts_samples, static_cast<int64_t>(out.size()));
      sizes.push_back(frame->samples.size());
      padding.push_back(frame->padding_samples);
      last.push_back(frame->last);
      out.insert(out.end(), frame->samples.begin(), frame->samples.end());
    }
  };
  for (std::span<const int16_t> rest = in; !rest.empty();) {
    rest = rest.subspan(framer.Push(rest.first(std::min<size_t>(rest.size(), 111))));
    drain();
  }
  framer.Finish();
  drain();
  in.resize(1280);
  EXPECT_EQ(out, in) << "silence follows";
  EXPECT_EQ(sizes, (std::vector<size_t>{320, 320, 320, 320}));
  EXPECT_EQ(padding, (std::vector<size_t>{0, 0, 0, 280}));
  EXPECT_EQ(last, (std::vector<bool>{false, false, false, true}));
}

TEST(Framer, ALastFrameThatIsWholeNeedsNoSilence) {
  Framer framer(320, 320);
  framer.Push(std::vector<int16_t>(640, 7));
  EXPECT_FALSE(framer.Next()->last);
  framer.Finish();
  const auto frame = framer.Next();
  ASSERT_TRUE(frame);
  EXPECT_TRUE(frame->last);
  EXPECT_EQ(frame->padding_samples, 0u);
  EXPECT_EQ(frame->samples.back(), 7);
  EXPECT_FALSE(framer.Next());
}

TEST(Framer, TheLastFrameIsFilledUpAlsoAtTheEndOfItsRoom) {
  Framer framer(320, 0);
  framer.Push(std::vector<int16_t>(320, 7));
  framer.Next();
  framer.Push(std::vector<int16_t>(1, 9));
  framer.Finish();
  const auto frame = framer.Next();
  ASSERT_EQ(frame->samples.size(), 320u);
  EXPECT_EQ(frame->samples.front(), 9);
  EXPECT_EQ(std::accumulate(frame->samples.begin(), frame->samples.end(), 0), 9);
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
