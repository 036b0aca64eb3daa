#include "cli/talk/loudspeaker.h"

#include <gtest/gtest.h>

#include <vector>

namespace parley::cli {
namespace {

std::vector<int16_t> Pull(Loudspeaker& speaker, size_t count) {
  std::vector<int16_t> out(count);
  speaker.Pull(out);
  return out;
}

TEST(Loudspeaker, PlaysItemsInOrderAndSilenceWhereThereIsNothing) {
  Loudspeaker speaker(24'000);
  EXPECT_EQ(speaker.position().has_value(), false);
  speaker.Append("a", std::vector<int16_t>{1, 2});
  speaker.Append("b", std::vector<int16_t>{3});
  EXPECT_EQ(Pull(speaker, 4), (std::vector<int16_t>{1, 2, 3, 0}));
  EXPECT_EQ(speaker.position()->item_id, "b");
  EXPECT_EQ(speaker.position()->played_samples, 1);
  EXPECT_TRUE(speaker.empty());
}

TEST(Loudspeaker, ADroppedItemIsSilentAtOnceAlsoForWhatStillArrivesAndItsPositionStays) {
  Loudspeaker speaker(24'000);
  speaker.Append("a", std::vector<int16_t>(10, 7));
  Pull(speaker, 4);
  speaker.Drop("a");
  speaker.Append("a", std::vector<int16_t>(10, 7));
  EXPECT_EQ(Pull(speaker, 2), (std::vector<int16_t>{0, 0}));
  EXPECT_EQ(speaker.position()->played_samples, 4);
  speaker.Append("b", std::vector<int16_t>{5});
  EXPECT_EQ(Pull(speaker, 1), (std::vector<int16_t>{5}));
}

TEST(Loudspeaker, DroppingAllForgetsEveryItemSoFarButNotTheNext) {
  Loudspeaker speaker(24'000);
  speaker.Append("a", std::vector<int16_t>(2, 7));
  speaker.Append("b", std::vector<int16_t>(2, 8));
  speaker.Drop("");
  speaker.Append("c", std::vector<int16_t>{9});
  EXPECT_EQ(Pull(speaker, 2), (std::vector<int16_t>{9, 0}));
}

TEST(Loudspeaker, APausedItemGoesOnWhereItWas) {
  Loudspeaker speaker(24'000);
  speaker.Append("a", std::vector<int16_t>{1, 2, 3, 4});
  EXPECT_EQ(Pull(speaker, 2), (std::vector<int16_t>{1, 2}));
  speaker.Pause("a", true);
  EXPECT_EQ(Pull(speaker, 2), (std::vector<int16_t>{0, 0}));
  EXPECT_EQ(speaker.position()->played_samples, 2);
  speaker.Pause("b", false);
  EXPECT_EQ(Pull(speaker, 1), (std::vector<int16_t>{0})) << "another item";
  speaker.Pause("a", false);
  EXPECT_EQ(Pull(speaker, 3), (std::vector<int16_t>{3, 4, 0}));
  speaker.Append("c", std::vector<int16_t>{5, 6});
  speaker.Pause("c", true);
  speaker.Drop("c");
  speaker.Append("d", std::vector<int16_t>{7});
  EXPECT_EQ(Pull(speaker, 1), (std::vector<int16_t>{7})) << "the next one does not wait";
}

TEST(Loudspeaker, GainRampsToTheTargetAndBackWithoutLosingASample) {
  Loudspeaker speaker(1000);
  speaker.Append("a", std::vector<int16_t>(40, 1000));
  speaker.SetGain(-20, 10);
  const auto down = Pull(speaker, 20);
  EXPECT_EQ(down[0], 1000);
  EXPECT_GT(down[5], 400);
  EXPECT_EQ(down[10], 100);
  EXPECT_EQ(down[19], 100);
  speaker.SetGain(0, 10);
  const auto up = Pull(speaker, 20);
  EXPECT_EQ(up[10], 1000);
  EXPECT_EQ(speaker.position()->played_samples, 40);
}

}  // namespace
}  // namespace parley::cli
