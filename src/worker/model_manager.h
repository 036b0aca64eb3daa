// The models of a worker: knows the packs, runs the engines that hold them, and lends their slots
// to streams. What to load and unload is decided by model_policy.h; this carries it out.
//
// One sequence: all methods, callbacks and leases belong to the executor. Bounded by the policy's
// cap and budget, and by `waiting_max` requests.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "metrics/worker_metrics.h"
#include "net/executor.h"
#include "ports/model_host.h"
#include "ports/stream.h"
#include "worker/engines.h"
#include "worker/model_instance.h"
#include "worker/model_policy.h"

namespace parley::worker {

class ModelManager;
class ModelWarmUp;

// One slot of a model, for as long as it lives. Move-only. The engine may die in the meantime: its
// streams then fail, and the lease is given back as usual.
class ModelLease {
 public:
  ModelLease() = default;
  ModelLease(ModelLease&& other) noexcept = default;
  ModelLease& operator=(ModelLease&& other) noexcept;
  ~ModelLease() { Release(); }

  explicit operator bool() const { return instance_ != nullptr; }
  ModelInstance& instance() const { return *instance_; }
  // Null once the engine is gone.
  EngineInstance* engine() const { return instance_->engine.get(); }

 private:
  friend class ModelManager;
  ModelLease(std::shared_ptr<ModelInstance> instance, std::weak_ptr<ModelManager*> manager)
      : instance_(std::move(instance)), manager_(std::move(manager)) {}
  void Release();

  std::shared_ptr<ModelInstance> instance_;
  std::weak_ptr<ModelManager*> manager_;  // empty once the manager is gone
};

class ModelManager {
 public:
  struct Config {
    ModelPolicyConfig policy;
    EnginesConfig engines;
    std::string device = "cpu";
    // By kind; none for a kind: that kind has no default.
    std::map<ModelKind, std::string> defaults;
    std::vector<std::string> preload;
    float target_lufs = -20.0f;   // loudness that voices are brought to
    int64_t warm_up_ms = 60'000;  // how long the first utterance may take
    size_t waiting_max = 256;     // requests that wait for a model or slot; more are refused
    // Look at the models folder every policy.check_ms, and do what Reload does with what has
    // changed and changes no more.
    bool watch = false;
  };
  struct Deps {
    const Clock& clock;
    metrics::WorkerMetrics& metrics;
    net::Executor& executor;
    EngineLauncher& launcher;
    // Reads the models folder. `problems` gets what is there but cannot be used.
    std::function<std::vector<catalog::Pack>(std::vector<Error>* problems)> packs;
    // Called when the worker becomes ready or not, and when a model does ("" is the worker).
    std::function<void(const std::string& model, bool ready)> serving;
  };
  struct Request {
    std::string model;  // empty: the default of the kind
    ModelKind kind = ModelKind::kTts;
    ports::Lane lane = ports::Lane::kReply;
    int priority = 0;
    int64_t deadline_us = 0;
  };
  using LeaseDone = std::function<void(Result<ModelLease>)>;

  // kInvalidArgument when defaults and preloads do not fit the cap.
  static Result<std::unique_ptr<ModelManager>> Create(Config config, Deps deps);
  ~ModelManager();

  // Reads the packs and begins to load defaults and preloads.
  void Start();

  // Calls `done` once, never before it returns: with a lease, or with why there is none. The number
  // is for Abandon, after which `done` is not called.
  uint64_t Acquire(Request request, LeaseDone done);
  void Abandon(uint64_t request);

  // ports::ModelHost, on the executor.
  std::vector<ports::ModelInfo> List() const;
  void Load(const std::string& model, int64_t deadline_us, ports::ModelHost::LoadSink sink);
  void Unload(const std::string& model, bool force, std::function<void(Status)> done);
  ports::ModelHost::ReloadReport Reload();
  void Drain(int64_t deadline_us, std::function<void(Status)> done);

  bool ready() const { return not_ready_why().empty(); }
  // What the defaults lack; empty when all are ready.
  std::string not_ready_why() const;
  bool draining() const { return draining_; }
  int leases() const;
  int waiting() const { return static_cast<int>(waiters_.size()); }

  // Answers every request with kUnavailable and stops all engines. `done` when they are gone.
  void Stop(std::function<void()> done);

 private:
  friend class ModelLease;

  // What is known of a model beyond its instances.
  struct Entry {
    catalog::Pack pack;
    std::string stamp;  // of its files
    std::string newer;  // another stamp, seen once: it may be in the midst of a copy
    ModelKind kind = ModelKind::kTts;
    Error problem;  // it cannot be loaded at all; else kUnknown and empty
    bool removed = false;
    bool held_back = false;  // unloaded by force: not loaded again until asked for
    bool was_ready = false;  // a preload is done
    int failures = 0;
    int64_t failed_us = 0;
    Error last_failure;
    bool load_failed = false;  // the last failure was a load, not a crash
    int64_t need_bytes = 0;
    int64_t load_ms = 0;
    engine::Loaded loaded;  // of the last load
    std::string blocked_why;
  };
  struct Waiter {
    uint64_t id = 0;
    Request request;
    int64_t since_us = 0;
    LeaseDone done;
    ports::ModelHost::LoadSink load_sink;  // instead of `done`: an explicit load
  };
  struct Unloading {
    std::set<uint64_t> instances;
    std::function<void(Status)> done;
  };

  ModelManager(Config config, Deps deps);

  Result<Entry*> Find(const std::string& model, ModelKind kind);
  bool IsPinned(const std::string& model) const;
  // `settled`: what differs from the last look is not taken yet.
  void ReadPacks(ports::ModelHost::ReloadReport* report, bool settled = false);
  // Takes a pack in; true if it has changed.
  bool TakePack(Entry& entry, catalog::Pack pack, bool is_new, bool settled);
  void Watch();
  void Measure();
  void ReviewSoon();
  void Review();
  ModelSnapshot Snapshot() const;
  void CarryOut(const ModelDecision& decision);
  void SetTimer(std::optional<int64_t> next_us);

  std::shared_ptr<ModelInstance> FindInstance(uint64_t id) const;
  ModelInstance* ReadyInstance(const std::string& model) const;
  void BeginLoad(const std::string& model);
  void OnLoaded(uint64_t id, Result<engine::Loaded> loaded);
  void OnWarm(uint64_t id, Status status);
  void OnExited(uint64_t id, const engine::Exit& exit);
  void BeginDrain(ModelInstance& instance);
  void StopIfUnused(ModelInstance& instance);
  void Failed(ModelInstance& instance, Error why);
  void Forget(uint64_t id);
  void Release(ModelInstance& instance);

  void Serve();
  void ServeLoads();
  void FailWaiters(const std::string& model, const Error& error);
  void FailLate();
  Error LateError(const Waiter& waiter) const;
  void Answer(Waiter waiter, Result<ModelLease> result);
  void FinishUnloads();
  void FinishDrain();
  void TellServing();
  ports::ModelInfo Describe(const std::string& id, const Entry& entry) const;

  const Config config_;
  const Deps deps_;
  const std::shared_ptr<ModelManager*> self_;  // what leases and posted work hold weakly
  const std::unique_ptr<net::Timer> timer_;
  const std::unique_ptr<net::Timer> watch_timer_;

  std::map<std::string, Entry> entries_;
  std::vector<std::string> refused_packs_;
  std::map<uint64_t, std::shared_ptr<ModelInstance>> instances_;
  std::map<uint64_t, std::unique_ptr<ModelWarmUp>> warm_ups_;
  std::map<uint64_t, Waiter> waiters_;  // by number: oldest first
  std::vector<Unloading> unloading_;
  std::map<std::string, bool> told_serving_;
  uint64_t next_id_ = 1;
  bool review_posted_ = false;
  int64_t measured_us_ = 0;
  bool draining_ = false;
  bool stopping_ = false;
  std::optional<int64_t> drain_deadline_us_;
  std::vector<std::function<void(Status)>> drain_done_;
  std::function<void()> stop_done_;
};

}  // namespace parley::worker
