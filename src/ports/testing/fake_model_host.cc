#include "ports/testing/fake_model_host.h"

#include <utility>

namespace parley::ports::testing {

void FakeModelHost::Owe(std::function<void()> answer) {
  const std::lock_guard lock(mutex_);
  owed_.push_back(std::move(answer));
}

ModelInfo* FakeModelHost::Find(const std::string& model) {
  for (ModelInfo& info : capabilities_.models) {
    if (info.id == model) return &info;
  }
  return nullptr;
}

void FakeModelHost::List(Callback<std::vector<ModelInfo>> done) {
  Owe([this, done = std::move(done)] { done(capabilities_.models); });
}

void FakeModelHost::Load(std::string model, int64_t, LoadSink sink) {
  Owe([this, model = std::move(model), sink = std::move(sink)] {
    ModelInfo* info = Find(model);
    if (info == nullptr) {
      Result<ModelInfo> failed = Fail(Code::kNotFound, "no model '" + model + "'");
      sink(std::move(failed));
      return;
    }
    sink(LoadProgress{0.5, "reading weights"});
    info->state = ModelState::kReady;
    sink(Result<ModelInfo>(*info));
  });
}

void FakeModelHost::Unload(std::string model, bool force, Callback<void> done) {
  Owe([this, model = std::move(model), force, done = std::move(done)] {
    ModelInfo* info = Find(model);
    if (info == nullptr) return done(Fail(Code::kNotFound, "no model '" + model + "'"));
    if (info->pinned && !force) {
      return done(Fail(Code::kFailedPrecondition, "model '" + model + "' is pinned"));
    }
    info->state = ModelState::kAbsent;
    done({});
  });
}

void FakeModelHost::Reload(Callback<ReloadReport> done) {
  Owe([done = std::move(done)] { done(ReloadReport{.added = {"new/model"}}); });
}

void FakeModelHost::Capabilities(Callback<WorkerCapabilities> done) {
  Owe([this, done = std::move(done)] { done(capabilities_); });
}

void FakeModelHost::Drain(int64_t, Callback<void> done) {
  Owe([this, done = std::move(done)] {
    capabilities_.draining = true;
    done({});
  });
}

void FakeModelHost::Run() {
  while (true) {
    std::function<void()> next;
    {
      const std::lock_guard lock(mutex_);
      if (owed_.empty()) return;
      next = std::move(owed_.front());
      owed_.pop_front();
    }
    next();
  }
}

void FakeModelHost::SetReady(bool ready, std::string why) {
  Owe([this, ready, why = std::move(why)] {
    capabilities_.ready = ready;
    capabilities_.not_ready_why = why;
  });
}

}  // namespace parley::ports::testing
