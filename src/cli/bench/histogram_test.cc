#include "cli/bench/histogram.h"

#include <gmock/gmock.h>

namespace parley::cli::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kPage[] =
    "# TYPE a_ms histogram\n"
    "a_ms_bucket{le=\"0.5\"} 2\n"
    "a_ms_bucket{le=\"1\"} 2\n"
    "a_ms_bucket{le=\"10\"} 3\n"
    "a_ms_bucket{le=\"+Inf\"} 4\n"
    "a_ms_sum 30.5\n"
    "a_ms_count 4\n"
    "b_ms_bucket{le=\"1\"} 1\n";

TEST(HistogramValues, AreTheUpperBoundsOfTheirBuckets) {
  EXPECT_THAT(HistogramValues(kPage, "a_ms"), ElementsAre(0.5, 0.5, 10, 20));
  EXPECT_THAT(HistogramValues(kPage, "b_ms"), ElementsAre(1));
}

TEST(HistogramValues, WhatIsNotThereOrBrokenIsEmpty) {
  EXPECT_THAT(HistogramValues(kPage, "c_ms"), IsEmpty());
  EXPECT_THAT(HistogramValues("a_ms_bucket{le=\"1\"", "a_ms"), IsEmpty());
  EXPECT_THAT(HistogramValues("a_ms_bucket{le=\"1\"} x\n", "a_ms"), IsEmpty());
  EXPECT_THAT(HistogramValues("a_ms_bucket{le=\"1\"} 1e300\n", "a_ms"), IsEmpty());
}

}  // namespace
}  // namespace parley::cli::bench
