#include "metrics/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

#include "base/testing/no_alloc_scope.h"
#include "metrics/gateway_metrics.h"
#include "metrics/worker_metrics.h"

namespace parley::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::array<double, 2> kBounds{10, 20};

TEST(Registry, WritesTheExpositionFormat) {
  Registry registry;
  registry.AddCounter("parley_turns_total", "Turns.").Add(3);
  registry.AddGauge("parley_sessions", "Open.", {{"kind", "a\"b\n"}}).Set(-2);
  auto& histogram = registry.AddHistogram("parley_wait_ms", "Wait.", kBounds);
  for (const double value : {5.0, 10.0, 15.0, 99.0}) histogram.Observe(value);
  const std::string text = registry.Expose();
  EXPECT_THAT(text,
              HasSubstr("# HELP parley_turns_total Turns.\n# TYPE parley_turns_total counter\n"
                        "parley_turns_total 3\n"));
  EXPECT_THAT(text, HasSubstr("parley_sessions{kind=\"a\\\"b\\n\"} -2\n"));
  EXPECT_THAT(text, HasSubstr("parley_wait_ms_count 4\nparley_wait_ms_sum 129\n"
                              "parley_wait_ms_bucket{le=\"10\"} 2\n"
                              "parley_wait_ms_bucket{le=\"20\"} 3\n"
                              "parley_wait_ms_bucket{le=\"+Inf\"} 4\n"));
}

TEST(Registry, TheSameNameAndLabelsAreTheSameInstrument) {
  Registry registry;
  EXPECT_EQ(&registry.AddCounter("a_total", "h", {{"x", "1"}}),
            &registry.AddCounter("a_total", "h", {{"x", "1"}}));
  EXPECT_NE(&registry.AddCounter("a_total", "h", {{"x", "1"}}),
            &registry.AddCounter("a_total", "h", {{"x", "2"}}));
}

TEST(Registry, ForeignTextInALabelCannotFillTheMemory) {
  Registry registry;
  for (int i = 0; i < 5000; ++i) {
    registry.AddCounter("a_total", "h", {{"who", std::to_string(i)}}).Add();
  }
  const std::string text = registry.Expose();
  EXPECT_THAT(text, HasSubstr("a_total{who=\"254\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("who=\"255\"")));
  EXPECT_THAT(text, HasSubstr("a_total{who=\"other\"} 4745\n"));
}

TEST(Registry, MeasuringAllocatesNothing) {
  Registry registry;
  auto& counter = registry.AddCounter("a_total", "h");
  auto& gauge = registry.AddGauge("b", "h");
  auto& histogram = registry.AddHistogram("c_ms", "h", kBounds);
  const testing::NoAllocScope scope;
  counter.Add();
  const GaugeLease lease(gauge);
  histogram.Observe(15);
  EXPECT_EQ(scope.count(), 0u);
}

TEST(Registry, NothingIsLostBetweenThreads) {
  Registry registry;
  auto& histogram = registry.AddHistogram("c_ms", "h", kBounds);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10000; ++i) histogram.Observe(1);
    });
  }
  threads.clear();
  EXPECT_EQ(histogram.total(), 40000u);
  EXPECT_EQ(histogram.sum(), 40000.0);
}

TEST(GaugeLease, CountsForAsLongAsItLives) {
  Gauge gauge;
  {
    GaugeLease first(gauge);
    GaugeLease second = std::move(first);
    EXPECT_EQ(gauge.value(), 1);
    second = GaugeLease(gauge, 5);
    EXPECT_EQ(gauge.value(), 5);
  }
  EXPECT_EQ(gauge.value(), 0);
}

TEST(ProcessMetrics, NamesAreValidAndDistinct) {
  Registry gateway_registry;
  GatewayMetrics gateway(gateway_registry);
  gateway.HttpRequests("/v1/models", "2xx").Add();
  EXPECT_THAT(gateway_registry.Expose(), HasSubstr("parley_response_ms_bucket{le=\"900\"} 0\n"));
  Registry worker_registry;
  WorkerMetrics worker(worker_registry);
  worker.ModelsIn("ready").Set(1);
  EXPECT_THAT(worker_registry.Expose(), HasSubstr("parley_models{state=\"ready\"} 1\n"));
}

TEST(RegistryDeathTest, ANameOfTwoKindsIsABug) {
  Registry registry;
  registry.AddCounter("a_total", "h");
  EXPECT_DEATH(registry.AddGauge("a_total", "h"), "IsTaken");
}

}  // namespace
}  // namespace parley::metrics
