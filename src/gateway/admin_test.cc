#include "gateway/admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace parley::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using Shown = router::Router::WorkerStatus;

Shown Worker() {
  return {.address = "h:1",
          .reachable = true,
          .capabilities = {.worker_id = "w1", .ready = true, .models = {{.id = "joe"}}}};
}

std::string StateOf(const Shown& worker) {
  return json::parse(WorkersJson({worker}, false))["workers"][0]["state"];
}

TEST(Admin, AWorkerIsShownWithItsModels) {
  const json shown = json::parse(WorkersJson({Worker()}, true));
  EXPECT_EQ(shown["stale"], true);
  EXPECT_EQ(shown["workers"][0]["name"], "w1");
  EXPECT_EQ(shown["workers"][0]["models"][0]["id"], "joe");
  EXPECT_FALSE(shown["workers"][0].contains("zone")) << "known from the registry only";
}

TEST(Admin, WhatTheRegistryKnowsIsShownToo) {
  Shown worker = Worker();
  worker.announced = std::make_shared<const registry::Announcement>(
      registry::Announcement{.instance = "i", .zone = "eu", .waiting = 3});
  const json shown = json::parse(WorkersJson({worker}, false))["workers"][0];
  EXPECT_EQ(shown["zone"], "eu");
  EXPECT_EQ(shown["waiting"], 3);
}

TEST(Admin, TheStateIsWhatMattersMost) {
  Shown worker = Worker();
  EXPECT_EQ(StateOf(worker), "ready");
  worker.breaker = router::Breaker::State::kOpen;
  EXPECT_EQ(StateOf(worker), "failing");
  worker.capabilities.draining = true;
  EXPECT_EQ(StateOf(worker), "draining");
  worker.reachable = false;
  EXPECT_EQ(StateOf(worker), "unreachable");
  worker = Worker();
  worker.capabilities.ready = false;
  EXPECT_EQ(StateOf(worker), "not_ready");
}

TEST(Admin, ADrainNamesItsWorker) {
  const auto request = ParseDrainRequest(R"({"worker":"w1","deadline_ms":5})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->worker, "w1");
  EXPECT_EQ(request->deadline_ms, 5);
  for (const char* body : {"", "[]", "{}", R"({"worker":1})", R"({"worker":"a","colour":1})",
                           R"({"worker":"a","deadline_ms":-1})"}) {
    const auto refused = ParseDrainRequest(body);
    ASSERT_FALSE(refused) << body;
    EXPECT_THAT(refused.error().message, HasSubstr("the body is {\"worker\"")) << body;
  }
}

}  // namespace
}  // namespace parley::gateway
