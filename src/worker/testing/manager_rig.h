// A model manager over engines that do what the test says, in virtual time: the base of fixtures.
// One sequence.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/testing/manual_executor.h"
#include "worker/model_manager.h"
#include "worker/testing/fake_launcher.h"

namespace parley::worker::testing {

class ManagerRig {
 protected:
  ManagerRig() { config_.engines.sockets["fake"] = "/not/used"; }

  void AddPack(const std::string& id, const std::string& kind) {
    catalog::Pack pack;
    pack.id = id;
    pack.engine = "fake";
    pack.kind = kind;
    packs_.push_back(std::move(pack));
  }
  void Open() {
    auto manager = ModelManager::Create(
        config_,
        {.clock = clock_,
         .metrics = metrics_,
         .executor = executor_,
         .launcher = launcher_,
         .packs = [this](std::vector<Error>*) { return packs_; },
         .serving = [this](const std::string& model, bool ready) { serving_[model] = ready; }});
    ASSERT_TRUE(manager) << manager.error().message;
    manager_ = std::move(*manager);
    manager_->Start();
    executor_.RunReady();
  }
  // Leases must be back.
  void Close() {
    if (!manager_) return;
    bool gone = false;
    manager_->Stop([&] { gone = true; });
    executor_.RunReady();
    EXPECT_TRUE(gone);
    EXPECT_EQ(launcher_.living(), 0) << "an engine is left over";
    manager_.reset();
  }

  FakeClock clock_;
  net::testing::ManualExecutor executor_{clock_};
  metrics::Registry registry_;
  metrics::WorkerMetrics metrics_{registry_};
  FakeLauncher launcher_;
  ModelManager::Config config_;
  std::vector<catalog::Pack> packs_;
  std::map<std::string, bool> serving_;  // what was said last of each model, and of all as ""
  std::unique_ptr<ModelManager> manager_;
};

}  // namespace parley::worker::testing
