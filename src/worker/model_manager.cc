// The life of instances. Requests, leases and the model host's calls are in model_requests.cc.
#include "worker/model_manager.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "worker/internal/warm_up.h"

namespace parley::worker {
namespace {

// A model that worked this long was no failure: its next crash counts as the first.
constexpr int64_t kHealthyAfterUs = 60'000'000;
// How often the memory of engines is looked at, at the most.
constexpr int64_t kMeasureUs = 1'000'000;

// Changes with the size or time of any file of the pack, and with the voices that were added to it.
std::string StampOf(const catalog::Pack& pack) {
  if (pack.folder.empty()) return "";
  std::string stamp;
  std::error_code error;
  const auto add = [&](const std::string& file) {
    const auto path = pack.folder / file;
    const auto at = std::filesystem::last_write_time(path, error).time_since_epoch().count();
    stamp += file + ":" + std::to_string(std::filesystem::file_size(path, error)) + ":" +
             std::to_string(at) + ";";
  };
  for (const char* file : {"model.toml", "voices.toml", "voices"}) add(file);
  for (const auto& [role, file] : pack.files) add(file);
  return stamp;
}

}  // namespace

ModelManager::ModelManager(Config config, Deps deps)
    : config_(std::move(config)),
      deps_(std::move(deps)),
      self_(std::make_shared<ModelManager*>(this)),
      timer_(deps_.executor.MakeTimer()),
      watch_timer_(deps_.executor.MakeTimer()) {}

ModelManager::~ModelManager() = default;

Result<std::unique_ptr<ModelManager>> ModelManager::Create(Config config, Deps deps) {
  PARLEY_TRY_STATUS(config.policy.Validate());
  auto manager =
      std::unique_ptr<ModelManager>(new ModelManager(std::move(config), std::move(deps)));
  manager->ReadPacks(nullptr);
  std::vector<std::string> voices;
  const auto add = [&](const std::string& model) {
    const auto found = manager->entries_.find(model);
    if (found != manager->entries_.end() && found->second.kind == ModelKind::kTts) {
      voices.push_back(model);
    }
  };
  for (const auto& [kind, model] : manager->config_.defaults) add(model);
  for (const std::string& model : manager->config_.preload) add(model);
  PARLEY_TRY_STATUS(CheckCap(voices, manager->config_.policy));
  return manager;
}

void ModelManager::Start() {
  TellServing();
  ReviewSoon();
  if (config_.watch) Watch();
}

// Looks at the models folder, and comes back.
void ModelManager::Watch() {
  if (stopping_) return;
  ports::ModelHost::ReloadReport report;
  ReadPacks(&report, /*settled=*/true);
  const auto tell = [](const char* what, const std::vector<std::string>& models) {
    for (const std::string& model : models) log::Info("model_{} model={}", what, model);
  };
  tell("added", report.added);
  tell("changed", report.changed);
  tell("removed", report.removed);
  ReviewSoon();
  watch_timer_->Start(deps_.clock.NowUs() + config_.policy.check_ms * 1000, [this] { Watch(); });
}

bool ModelManager::IsPinned(const std::string& model) const {
  return std::any_of(config_.defaults.begin(), config_.defaults.end(),
                     [&](const auto& one) { return one.second == model; });
}

bool ModelManager::TakePack(Entry& entry, catalog::Pack pack, bool is_new, bool settled) {
  std::string stamp = StampOf(pack);
  const bool differs = is_new || entry.removed || entry.pack != pack || entry.stamp != stamp;
  if (!differs) {
    entry.newer.clear();
    return false;
  }
  if (settled && !is_new && !entry.removed && entry.newer != stamp) {
    entry.newer = std::move(stamp);
    return false;
  }
  entry.removed = false;
  entry.failures = 0;
  entry.need_bytes = 0;
  entry.pack = std::move(pack);
  entry.stamp = std::move(stamp);
  entry.newer.clear();
  return true;
}

void ModelManager::ReadPacks(ports::ModelHost::ReloadReport* report, bool settled) {
  std::vector<Error> problems;
  std::set<std::string> seen;
  for (catalog::Pack& pack : deps_.packs(&problems)) {
    const auto kind = KindOf(pack);
    if (!kind) continue;
    const std::string id = pack.id;
    seen.insert(id);
    auto [at, is_new] = entries_.try_emplace(id);
    at->second.kind = *kind;
    if (!TakePack(at->second, std::move(pack), is_new, settled)) continue;
    if (report && is_new) report->added.push_back(id);
    if (is_new) continue;
    if (report) report->changed.push_back(id);
    for (auto& [number, instance] : instances_) instance->stale |= instance->pack.id == id;
  }
  for (auto& [id, entry] : entries_) {
    if (seen.contains(id) || entry.removed) continue;
    // One that cannot be read at the moment is being written.
    std::error_code error;
    if (settled && std::filesystem::exists(entry.pack.folder / "model.toml", error)) continue;
    entry.removed = true;
    if (report) report->removed.push_back(id);
    for (auto& [number, instance] : instances_) instance->unwanted |= instance->pack.id == id;
  }
  for (const Error& problem : problems) {
    if (!settled) log::Warn("pack_refused why=\"{}\"", problem.message);
    if (report) report->refused.push_back(problem.message);
  }
}

std::shared_ptr<ModelInstance> ModelManager::FindInstance(uint64_t id) const {
  const auto found = instances_.find(id);
  return found == instances_.end() ? nullptr : found->second;
}

// ---- reviewing ----------------------------------------------------------------------------------

void ModelManager::ReviewSoon() {
  if (std::exchange(review_posted_, true)) return;
  deps_.executor.Post([weak = std::weak_ptr<ModelManager*>(self_)] {
    if (const auto self = weak.lock()) (*self)->Review();
  });
}

// What engines really hold: it grows with what is asked of them, and the budget goes by it.
void ModelManager::Measure() {
  const int64_t now_us = deps_.clock.NowUs();
  if (now_us - measured_us_ < kMeasureUs) return;
  measured_us_ = now_us;
  for (auto& [id, one] : instances_) {
    if (one->state() != ModelState::kReady || one->engine == nullptr) continue;
    const int64_t bytes = one->engine->ResidentBytes();
    one->memory_bytes = std::max(one->memory_bytes, bytes);
    entries_.at(one->pack.id).need_bytes = one->memory_bytes;
    if (bytes > 0) deps_.metrics.EngineMemoryBytes(one->pack.id).Set(bytes);
  }
}

void ModelManager::Review() {
  review_posted_ = false;
  FailLate();
  Measure();
  if (!stopping_) {
    const ModelDecision decision = Decide(Snapshot(), config_.policy);
    CarryOut(decision);
    SetTimer(decision.next_us);
  }
  Serve();
  FinishUnloads();
  FinishDrain();
  TellServing();
}

// The earliest of the policy's wish and the deadlines of requests and of a drain.
void ModelManager::SetTimer(std::optional<int64_t> next_us) {
  int64_t at_us = next_us.value_or(INT64_MAX);
  for (const auto& [id, waiter] : waiters_) at_us = std::min(at_us, waiter.request.deadline_us);
  if (drain_deadline_us_) at_us = std::min(at_us, *drain_deadline_us_);
  if (at_us == INT64_MAX) {
    timer_->Cancel();
  } else {
    timer_->Start(at_us, [this] { Review(); });
  }
}

ModelSnapshot ModelManager::Snapshot() const {
  ModelSnapshot snapshot{.now_us = deps_.clock.NowUs(), .instances = {}, .claims = {}};
  std::set<std::string> stale;
  for (const auto& [id, one] : instances_) {
    snapshot.instances.push_back({.id = id,
                                  .model = one->pack.id,
                                  .kind = one->kind,
                                  .state = one->state(),
                                  .pinned = IsPinned(one->pack.id),
                                  .stale = one->stale,
                                  .unwanted = one->unwanted || draining_,
                                  .leases = one->leases,
                                  .memory_bytes = one->memory_bytes,
                                  .since_us = one->since_us(),
                                  .ready_us = one->ready_us,
                                  .used_us = one->used_us});
    if (one->stale && !one->unwanted && one->state() == ModelState::kReady) {
      stale.insert(one->pack.id);
    }
  }
  if (draining_) return snapshot;
  const auto claim = [&](const std::string& model, ClaimKind kind, int64_t since_us,
                         bool skip_backoff) {
    const auto found = entries_.find(model);
    if (found == entries_.end() || found->second.removed) return;
    const Entry& entry = found->second;
    snapshot.claims.push_back({.kind = kind,
                               .model = model,
                               .model_kind = entry.kind,
                               .need_bytes = entry.need_bytes,
                               .since_us = since_us,
                               .failures = entry.failures,
                               .failed_us = entry.failed_us,
                               .skip_backoff = skip_backoff});
  };
  for (const auto& [id, waiter] : waiters_) {
    claim(waiter.request.model, ClaimKind::kDemand, waiter.since_us, waiter.load_sink != nullptr);
  }
  for (const std::string& model : stale) claim(model, ClaimKind::kReload, 0, false);
  for (const auto& [kind, model] : config_.defaults) {
    const auto found = entries_.find(model);
    if (found != entries_.end() && !found->second.held_back) {
      claim(model, ClaimKind::kDefault, 0, false);
    }
  }
  for (const std::string& model : config_.preload) {
    const auto found = entries_.find(model);
    if (found == entries_.end() || found->second.held_back || found->second.was_ready) continue;
    claim(model, ClaimKind::kPreload, 0, false);
  }
  return snapshot;
}

void ModelManager::CarryOut(const ModelDecision& decision) {
  for (auto& [id, entry] : entries_) entry.blocked_why.clear();
  for (const auto& blocked : decision.blocked) entries_[blocked.model].blocked_why = blocked.why;
  for (const uint64_t id : decision.drain) {
    if (const auto instance = FindInstance(id)) BeginDrain(*instance);
  }
  for (const std::string& model : decision.load) BeginLoad(model);
}

// ---- loading ------------------------------------------------------------------------------------

void ModelManager::BeginLoad(const std::string& model) {
  Entry& entry = entries_.at(model);
  std::erase_if(instances_, [&](const auto& one) {
    const bool failed = one.second->pack.id == model && one.second->state() == ModelState::kFailed;
    if (failed) one.second->Transition(ModelState::kAbsent, deps_.clock.NowUs());
    return failed;
  });
  auto instance =
      std::make_shared<ModelInstance>(next_id_++, entry.pack, entry.kind, deps_.metrics);
  instances_[instance->id] = instance;
  instance->Transition(ModelState::kLoading, deps_.clock.NowUs());
  instance->load_started_us = deps_.clock.NowUs();
  instance->memory_bytes = entry.need_bytes;

  const auto post = [executor = &deps_.executor,
                     weak = std::weak_ptr<ModelManager*>(self_)](auto act) {
    executor->Post([weak, act = std::move(act)]() mutable {
      if (const auto self = weak.lock()) act(**self);
    });
  };
  const uint64_t id = instance->id;
  engine::EngineProcess::Events events;
  events.loading = [post, model](const engine::Loading& loading) {
    post([model, loading](ModelManager& self) {
      for (auto& [number, waiter] : self.waiters_) {
        if (waiter.request.model != model || !waiter.load_sink) continue;
        waiter.load_sink(ports::ModelHost::LoadProgress{loading.progress, loading.what});
      }
    });
  };
  events.loaded = [post, id](Result<engine::Loaded> loaded) {
    post([id, loaded = std::move(loaded)](ModelManager& self) mutable {
      self.OnLoaded(id, std::move(loaded));
    });
  };
  events.stats = [post, id](const engine::Stats& stats) {
    post([id, bytes = stats.memory_bytes](ModelManager& self) {
      const auto one = self.FindInstance(id);
      if (!one) return;
      one->memory_bytes = std::max(one->memory_bytes, bytes);
      self.deps_.metrics.EngineMemoryBytes(one->pack.id).Set(bytes);
    });
  };
  events.exited = [post, id](const engine::Exit& exit) {
    post([id, exit](ModelManager& self) { self.OnExited(id, exit); });
  };
  auto spec = SpecFor(instance->pack, config_.engines);
  auto launched = spec ? deps_.launcher.Launch(std::move(*spec), std::move(events))
                       : Result<std::unique_ptr<EngineInstance>>(Fail(std::move(spec.error())));
  if (!launched) {
    Failed(*instance, std::move(launched.error()));
    return;
  }
  instance->engine = std::move(*launched);
  instance->engine->Load(LoadFor(instance->pack, config_.engines, config_.device));
}

void ModelManager::OnLoaded(uint64_t id, Result<engine::Loaded> loaded) {
  const auto instance = FindInstance(id);
  if (!instance || instance->state() != ModelState::kLoading) return;
  if (!loaded) {
    Failed(*instance, std::move(loaded.error()));
    return;
  }
  instance->loaded = std::move(*loaded);
  instance->Transition(ModelState::kWarming, deps_.clock.NowUs());
  warm_ups_[id] =
      ModelWarmUp::Start(*instance, deps_.executor, deps_.clock.NowUs() + config_.warm_up_ms * 1000,
                         config_.target_lufs, [this, id](Result<ModelWarmUp::Outcome> outcome) {
                           if (outcome && outcome->gain_db) {
                             if (const auto warm = FindInstance(id))
                               warm->gain_db[""] = *outcome->gain_db;
                           }
                           OnWarm(id, outcome ? Status() : Status(Fail(outcome.error())));
                         });
}

void ModelManager::OnWarm(uint64_t id, Status status) {
  warm_ups_.erase(id);
  const auto instance = FindInstance(id);
  if (!instance || instance->state() != ModelState::kWarming) return;
  if (!status) {
    Failed(*instance, std::move(status.error()));
    return;
  }
  const int64_t now_us = deps_.clock.NowUs();
  instance->Transition(ModelState::kReady, now_us);
  instance->ready_us = now_us;
  instance->used_us = now_us;
  instance->load_ms = (now_us - instance->load_started_us) / 1000;
  instance->memory_bytes = std::max(
      {instance->loaded.memory_bytes, instance->engine->ResidentBytes(), instance->memory_bytes});
  deps_.metrics.load_ms.Observe(static_cast<double>(instance->load_ms));
  deps_.metrics.EngineMemoryBytes(instance->pack.id).Set(instance->memory_bytes);
  Entry& entry = entries_.at(instance->pack.id);
  entry.was_ready = true;
  entry.load_failed = false;
  entry.need_bytes = instance->memory_bytes;
  entry.load_ms = instance->load_ms;
  entry.loaded = instance->loaded;
  log::Info("model_ready model={} load_ms={} memory_bytes={} slots={}", instance->pack.id,
            instance->load_ms, instance->memory_bytes, instance->loaded.slots);
  ReviewSoon();
}

// ---- ending -------------------------------------------------------------------------------------

void ModelManager::BeginDrain(ModelInstance& instance) {
  warm_ups_.erase(instance.id);
  instance.Transition(ModelState::kDraining, deps_.clock.NowUs());
  StopIfUnused(instance);
}

void ModelManager::StopIfUnused(ModelInstance& instance) {
  if (instance.state() != ModelState::kDraining || instance.leases > 0) return;
  instance.engine->Stop();
}

void ModelManager::Failed(ModelInstance& instance, Error why) {
  const int64_t now_us = deps_.clock.NowUs();
  warm_ups_.erase(instance.id);
  Entry& entry = entries_.at(instance.pack.id);
  const bool was_ready = instance.state() == ModelState::kReady;
  if (was_ready && now_us - instance.ready_us >= kHealthyAfterUs) entry.failures = 0;
  ++entry.failures;
  entry.failed_us = now_us;
  entry.load_failed = !was_ready;
  entry.last_failure = why;
  log::Error("model_failed model={} failures={} retry_ms={} why=\"{}\"", instance.pack.id,
             entry.failures, BackoffUs(entry.failures, config_.policy) / 1000, why.message);
  instance.Transition(ModelState::kFailed, now_us);
  // Kept by the leases' streams no longer than their last events need; the process dies here.
  if (instance.engine) instance.engine->Kill("it failed: " + why.message);
  if (!was_ready) FailWaiters(instance.pack.id, why);
  ReviewSoon();
}

void ModelManager::OnExited(uint64_t id, const engine::Exit& exit) {
  const auto instance = FindInstance(id);
  if (!instance) return;
  const ModelState state = instance->state();
  if (state == ModelState::kDraining) {
    Forget(id);
    return;
  }
  if (state == ModelState::kFailed) {
    instance->engine.reset();
    if (stopping_) Forget(id);
    return;
  }
  if (state == ModelState::kReady) deps_.metrics.engine_crashes.Add();
  Error why = exit.reason;
  if (why.message.empty()) why = {Code::kUnavailable, "the engine ended by itself"};
  Failed(*instance, std::move(why));
  instance->engine.reset();
  if (stopping_) Forget(id);
}

// The process is gone and the instance with it.
void ModelManager::Forget(uint64_t id) {
  const auto instance = FindInstance(id);
  if (!instance) return;
  instance->engine.reset();
  instance->Transition(ModelState::kAbsent, deps_.clock.NowUs());
  deps_.metrics.EngineMemoryBytes(instance->pack.id).Set(0);
  instances_.erase(id);
  if (stopping_ && instances_.empty() && stop_done_) std::exchange(stop_done_, nullptr)();
  ReviewSoon();
}

void ModelManager::Stop(std::function<void()> done) {
  stopping_ = true;
  stop_done_ = std::move(done);
  warm_ups_.clear();
  timer_->Cancel();
  watch_timer_->Cancel();
  for (auto& [id, waiter] : std::exchange(waiters_, {})) {
    Answer(std::move(waiter), Fail(Code::kUnavailable, "the worker is going down"));
  }
  const auto instances = instances_;
  for (const auto& [id, instance] : instances) {
    if (instance->state() == ModelState::kFailed) {
      if (!instance->engine) Forget(id);
      continue;
    }
    if (instance->state() != ModelState::kDraining) BeginDrain(*instance);
    instance->engine->Stop();
  }
  FinishUnloads();
  FinishDrain();
  if (instances_.empty() && stop_done_) std::exchange(stop_done_, nullptr)();
}

}  // namespace parley::worker
