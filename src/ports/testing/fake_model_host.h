// A model host for tests: a table of models whose loads take as many progress steps as told. Each
// answer waits for Run, which gives it on the calling thread.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "ports/model_host.h"

namespace parley::ports::testing {

class FakeModelHost final : public ModelHost {
 public:
  explicit FakeModelHost(WorkerCapabilities capabilities)
      : capabilities_(std::move(capabilities)) {}

  void List(Callback<std::vector<ModelInfo>> done) override;
  void Load(std::string model, int64_t timeout_ms, LoadSink sink) override;
  void Unload(std::string model, bool force, Callback<void> done) override;
  void Reload(Callback<ReloadReport> done) override;
  void Capabilities(Callback<WorkerCapabilities> done) override;
  void Drain(int64_t deadline_ms, Callback<void> done) override;

  // Gives the answers that are owed.
  void Run();
  void SetReady(bool ready, std::string why);

 private:
  void Owe(std::function<void()> answer);
  ModelInfo* Find(const std::string& model);

  std::mutex mutex_;
  WorkerCapabilities capabilities_;
  std::deque<std::function<void()>> owed_;
};

}  // namespace parley::ports::testing
