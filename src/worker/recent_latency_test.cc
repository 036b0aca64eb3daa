#include "worker/recent_latency.h"

#include <gtest/gtest.h>

#include <array>

namespace parley::worker {
namespace {

constexpr std::array<double, 4> kBounds{10, 20, 40, 80};
constexpr int64_t kSecond = 1'000'000;

TEST(RecentLatency, QuantilesAreOfWhatWasObservedLately) {
  metrics::Histogram histogram(kBounds);
  RecentLatency recent(histogram);
  EXPECT_EQ(recent.Quantile(0.5), 0);
  recent.Note(0);
  for (int i = 0; i < 100; ++i) histogram.Observe(15);
  EXPECT_NEAR(recent.Quantile(0.5), 15, 0.1);
  EXPECT_NEAR(recent.Quantile(0.95), 19.5, 0.1);
  for (int second = 10; second <= 120; second += 10) recent.Note(second * kSecond);
  EXPECT_EQ(recent.Quantile(0.5), 0) << "that was two minutes ago";
  histogram.Observe(30);
  EXPECT_NEAR(recent.Quantile(0.5), 30, 0.1);
}

TEST(RecentLatency, WhatIsBeyondAllBoundsCountsAsTheLast) {
  metrics::Histogram histogram(kBounds);
  RecentLatency recent(histogram);
  recent.Note(0);
  histogram.Observe(5'000);
  EXPECT_EQ(recent.Quantile(0.5), 80);
}

}  // namespace
}  // namespace parley::worker
