// Requests for slots, leases, and the model host's calls, of the ModelManager.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "worker/internal/warm_up.h"
#include "worker/model_manager.h"

namespace parley::worker {
namespace {

// A model whose load failed is tried again by itself; a request waits for that only if it is near.
constexpr int64_t kWorthWaitingUs = 1'000'000;

std::string KindName(ModelKind kind) { return std::string(ports::ModelKindName(kind)); }

// Floor before replies, then by priority, then by age (the map's order).
bool GoesBefore(const ModelManager::Request& a, const ModelManager::Request& b) {
  if (a.lane != b.lane) return a.lane == ports::Lane::kFloor;
  return a.priority > b.priority;
}

}  // namespace

ModelLease& ModelLease::operator=(ModelLease&& other) noexcept {
  if (this != &other) {
    Release();
    instance_ = std::move(other.instance_);
    manager_ = std::move(other.manager_);
  }
  return *this;
}

void ModelLease::Release() {
  const auto instance = std::exchange(instance_, nullptr);
  if (!instance) return;
  if (const auto manager = manager_.lock()) (*manager)->Release(*instance);
}

// ---- finding a model ----------------------------------------------------------------------------

Result<ModelManager::Entry*> ModelManager::Find(const std::string& model, ModelKind kind) {
  const auto found = entries_.find(model);
  if (found == entries_.end() || found->second.removed) {
    std::string known;
    for (const auto& [id, entry] : entries_) {
      if (entry.kind == kind && !entry.removed) known += (known.empty() ? "" : ", ") + id;
    }
    return Fail(Code::kNotFound,
                "no model '" + model + "' here; there " +
                    (known.empty() ? "is none of kind " + KindName(kind) : "is " + known) +
                    " ('parley models pull " + model + "' fetches one that the catalogue has)");
  }
  if (found->second.kind != kind) {
    return Fail(Code::kInvalidArgument, "model '" + model + "' is of kind " +
                                            KindName(found->second.kind) + ", not " +
                                            KindName(kind));
  }
  return &found->second;
}

ModelInstance* ModelManager::ReadyInstance(const std::string& model) const {
  ModelInstance* best = nullptr;
  for (const auto& [id, one] : instances_) {
    if (one->pack.id != model || one->state() != ModelState::kReady || one->unwanted) continue;
    // The newest pack's: while its replacement loads, the stale one serves.
    if (best == nullptr || !one->stale) best = one.get();
  }
  return best;
}

// ---- requests -----------------------------------------------------------------------------------

uint64_t ModelManager::Acquire(Request request, LeaseDone done) {
  const uint64_t id = next_id_++;
  const auto refuse = [&](Error error) {
    deps_.executor.Post([done = std::move(done), error = std::move(error)] { done(Fail(error)); });
    return id;
  };
  if (draining_ || stopping_)
    return refuse({Code::kUnavailable, "the worker takes no new streams"});
  if (request.model.empty()) {
    const auto found = config_.defaults.find(request.kind);
    if (found == config_.defaults.end() || found->second.empty()) {
      return refuse({Code::kFailedPrecondition,
                     "no model was named, and this worker has no default "
                     "of kind " +
                         KindName(request.kind)});
    }
    request.model = found->second;
  }
  const auto entry = Find(request.model, request.kind);
  if (!entry) return refuse(entry.error());
  const int64_t now_us = deps_.clock.NowUs();
  const Entry& known = **entry;
  const int64_t again_us = known.failed_us + BackoffUs(known.failures, config_.policy);
  if (known.load_failed && !ReadyInstance(request.model) && again_us - now_us > kWorthWaitingUs) {
    return refuse({Code::kUnavailable, "model '" + request.model +
                                           "' could not be loaded: " + known.last_failure.message});
  }
  if (waiters_.size() >= config_.waiting_max) {
    return refuse({Code::kResourceExhausted,
                   std::to_string(waiters_.size()) + " requests wait already, as many as may"});
  }
  waiters_[id] = {
      .id = id, .request = std::move(request), .since_us = now_us, .done = std::move(done)};
  ReviewSoon();
  return id;
}

void ModelManager::Abandon(uint64_t request) {
  if (waiters_.erase(request) > 0) ReviewSoon();
}

void ModelManager::Answer(Waiter waiter, Result<ModelLease> result) {
  if (waiter.load_sink) {
    Result<ports::ModelInfo> outcome =
        result ? Result<ports::ModelInfo>(
                     Describe(waiter.request.model, entries_.at(waiter.request.model)))
               : Result<ports::ModelInfo>(Fail(std::move(result.error())));
    waiter.load_sink(std::move(outcome));
  } else {
    waiter.done(std::move(result));
  }
}

// Gives free slots to those who wait for them.
void ModelManager::Serve() {
  ServeLoads();
  while (true) {
    Waiter* best = nullptr;
    ModelInstance* from = nullptr;
    for (auto& [id, waiter] : waiters_) {
      ModelInstance* ready = ReadyInstance(waiter.request.model);
      if (ready == nullptr || ready->leases >= ready->loaded.slots || waiter.load_sink) continue;
      if (best != nullptr && !GoesBefore(waiter.request, best->request)) continue;
      best = &waiter;
      from = ready;
    }
    if (best == nullptr) return;
    Waiter waiter = std::move(*best);
    waiters_.erase(waiter.id);
    ++from->leases;
    deps_.metrics.slot_wait_ms.Observe(static_cast<double>(deps_.clock.NowUs() - waiter.since_us) /
                                       1000);
    const auto instance = FindInstance(from->id);
    Answer(std::move(waiter), ModelLease(instance, self_));
  }
}

void ModelManager::ServeLoads() {
  std::vector<uint64_t> served;
  for (const auto& [id, waiter] : waiters_) {
    if (waiter.load_sink && ReadyInstance(waiter.request.model) != nullptr) served.push_back(id);
  }
  for (const uint64_t id : served) {
    auto node = waiters_.extract(id);
    Answer(std::move(node.mapped()), ModelLease());
  }
}

void ModelManager::Release(ModelInstance& instance) {
  PARLEY_CHECK(instance.leases > 0);
  --instance.leases;
  instance.used_us = deps_.clock.NowUs();
  StopIfUnused(instance);
  ReviewSoon();
}

void ModelManager::FailWaiters(const std::string& model, const Error& error) {
  std::vector<uint64_t> failed;
  for (const auto& [id, waiter] : waiters_) {
    if (waiter.request.model == model) failed.push_back(id);
  }
  for (const uint64_t id : failed) {
    auto node = waiters_.extract(id);
    Answer(std::move(node.mapped()),
           Fail(Code::kUnavailable, "model '" + model + "' could not be loaded: " + error.message));
  }
}

void ModelManager::FailLate() {
  const int64_t now_us = deps_.clock.NowUs();
  std::vector<uint64_t> late;
  for (const auto& [id, waiter] : waiters_) {
    if (waiter.request.deadline_us <= now_us) late.push_back(id);
  }
  for (const uint64_t id : late) {
    auto node = waiters_.extract(id);
    Error error = LateError(node.mapped());
    Answer(std::move(node.mapped()), Fail(std::move(error)));
  }
}

// Why a request had to wait until its time was up.
Error ModelManager::LateError(const Waiter& waiter) const {
  const std::string& model = waiter.request.model;
  const std::string waited = "waited " +
                             std::to_string((deps_.clock.NowUs() - waiter.since_us) / 1000) +
                             " ms for model '" + model + "': ";
  if (const ModelInstance* ready = ReadyInstance(model)) {
    return {Code::kResourceExhausted,
            waited + "all its " + std::to_string(ready->loaded.slots) + " slots are in use"};
  }
  const Entry& entry = entries_.at(model);
  if (!entry.blocked_why.empty()) return {Code::kResourceExhausted, waited + entry.blocked_why};
  if (entry.failures > 0 && !entry.last_failure.message.empty()) {
    return {Code::kUnavailable, waited + "it failed: " + entry.last_failure.message};
  }
  return {Code::kDeadlineExceeded, waited + "it is still loading"};
}

// ---- the model host -----------------------------------------------------------------------------

ports::ModelInfo ModelManager::Describe(const std::string& id, const Entry& entry) const {
  ports::ModelInfo info{.id = id, .kind = entry.kind, .engine = entry.pack.engine};
  info.licence = entry.pack.license;
  info.is_default = IsPinned(id);
  info.pinned = info.is_default;
  info.languages = entry.loaded.languages.empty() ? entry.pack.languages : entry.loaded.languages;
  info.voices = entry.loaded.voices;
  info.capabilities = entry.loaded.capabilities;
  info.sample_rate_hz = entry.loaded.sample_rate_hz;
  info.load_ms = entry.load_ms;
  for (const auto& [number, one] : instances_) {
    if (one->pack.id != id) continue;
    // Of two (one replaces the other) the ready one speaks for the model.
    if (info.state != ModelState::kReady) info.state = one->state();
    info.in_use += one->leases;
    info.memory_bytes += one->memory_bytes;
    info.device_memory_bytes += one->loaded.device_memory_bytes;
    if (one->state() == ModelState::kReady) info.slots = one->loaded.slots;
  }
  if (info.state == ModelState::kFailed) info.reason = entry.last_failure.message;
  if (info.state == ModelState::kAbsent) info.reason = entry.blocked_why;
  return info;
}

std::vector<ports::ModelInfo> ModelManager::List() const {
  std::vector<ports::ModelInfo> all;
  for (const auto& [id, entry] : entries_) {
    if (!entry.removed) all.push_back(Describe(id, entry));
  }
  return all;
}

void ModelManager::Load(const std::string& model, int64_t deadline_us,
                        ports::ModelHost::LoadSink sink) {
  const auto found = entries_.find(model);
  const auto kind = found == entries_.end() ? ModelKind::kTts : found->second.kind;
  const auto entry = Find(model, kind);
  if (!entry || draining_ || stopping_) {
    Error error = entry ? Error{Code::kUnavailable, "the worker takes no new work"} : entry.error();
    deps_.executor.Post([sink = std::move(sink), error = std::move(error)] {
      Result<ports::ModelInfo> outcome = Fail(error);
      sink(std::move(outcome));
    });
    return;
  }
  (*entry)->held_back = false;
  const uint64_t id = next_id_++;
  waiters_[id] = {.id = id,
                  .request = {.model = model, .kind = kind, .deadline_us = deadline_us},
                  .since_us = deps_.clock.NowUs(),
                  .load_sink = std::move(sink)};
  ReviewSoon();
}

void ModelManager::Unload(const std::string& model, bool force, std::function<void(Status)> done) {
  const auto found = entries_.find(model);
  const auto entry = Find(model, found == entries_.end() ? ModelKind::kTts : found->second.kind);
  Status refused;
  if (!entry) {
    refused = Fail(entry.error());
  } else if (IsPinned(model) && !force) {
    refused = Fail(Code::kFailedPrecondition,
                   "model '" + model + "' is a default and pinned; unload it with force");
  }
  if (!refused) {
    deps_.executor.Post([done = std::move(done), refused = std::move(refused)] { done(refused); });
    return;
  }
  (*entry)->held_back = true;
  Unloading unloading{.instances = {}, .done = std::move(done)};
  for (const auto& [id, one] : instances_) {
    if (one->pack.id != model || one->state() == ModelState::kFailed) continue;
    one->unwanted = true;
    unloading.instances.insert(id);
    if (force && one->engine) one->engine->Stop();
  }
  unloading_.push_back(std::move(unloading));
  ReviewSoon();
}

void ModelManager::FinishUnloads() {
  std::vector<std::function<void(Status)>> done;
  std::erase_if(unloading_, [&](Unloading& one) {
    std::erase_if(one.instances, [&](uint64_t id) {
      const auto instance = FindInstance(id);
      return !instance || instance->state() == ModelState::kFailed;
    });
    if (one.instances.empty()) done.push_back(std::move(one.done));
    return one.instances.empty();
  });
  for (auto& tell : done) tell({});
}

ports::ModelHost::ReloadReport ModelManager::Reload() {
  ports::ModelHost::ReloadReport report;
  ReadPacks(&report);
  ReviewSoon();
  return report;
}

void ModelManager::Drain(int64_t deadline_us, std::function<void(Status)> done) {
  draining_ = true;
  drain_deadline_us_ = std::min(deadline_us, drain_deadline_us_.value_or(deadline_us));
  drain_done_.push_back(std::move(done));
  for (auto& [id, waiter] : std::exchange(waiters_, {})) {
    Answer(std::move(waiter), Fail(Code::kUnavailable, "the worker is draining"));
  }
  ReviewSoon();
}

void ModelManager::FinishDrain() {
  if (!draining_ || drain_done_.empty()) return;
  if (drain_deadline_us_ && deps_.clock.NowUs() >= *drain_deadline_us_) {
    drain_deadline_us_.reset();
    for (const auto& [id, one] : instances_) {
      if (one->engine) one->engine->Stop();
    }
  }
  if (leases() > 0 && !stopping_) return;
  drain_deadline_us_.reset();
  for (auto& done : std::exchange(drain_done_, {})) done({});
}

int ModelManager::leases() const {
  int sum = 0;
  for (const auto& [id, one] : instances_) sum += one->leases;
  return sum;
}

std::string ModelManager::not_ready_why() const {
  if (draining_ || stopping_) return "draining";
  std::string why;
  for (const auto& [kind, model] : config_.defaults) {
    if (model.empty() || ReadyInstance(model) != nullptr) continue;
    const auto found = entries_.find(model);
    std::string reason = "not here; 'parley models pull " + model + "' fetches it";
    if (found != entries_.end() && !found->second.removed) {
      const ports::ModelInfo info = Describe(model, found->second);
      reason = std::string(ports::ModelStateName(info.state)) +
               (info.reason.empty() ? "" : ": " + info.reason);
    }
    why += (why.empty() ? "" : "; ") + model + " (" + KindName(kind) + ") is " + reason;
  }
  return why;
}

void ModelManager::TellServing() {
  std::map<std::string, bool> now{{"", ready()}};
  for (const auto& [id, entry] : entries_) now[id] = ReadyInstance(id) != nullptr && !draining_;
  for (const auto& [id, is_ready] : now) {
    const auto told = told_serving_.find(id);
    if (told == told_serving_.end() || told->second != is_ready) deps_.serving(id, is_ready);
  }
  told_serving_ = std::move(now);
}

}  // namespace parley::worker
