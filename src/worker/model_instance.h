// One loaded model: the engine process that holds it, and its state. Owned by the ModelManager,
// shared by the leases of the streams that use it. One sequence: the worker's executor.
//
//   absent ─▶ loading ─▶ warming ─▶ ready ─▶ draining ─▶ absent
//                │  │       │  │      │ │        ▲
//                │  └───────┼──┴──────┼─┴────────┘ nobody wants it
//                └──────────┴─────────┴─▶ failed ─▶ absent (a new instance after the back-off, or
//                                                    when somebody asks)
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "catalog/pack.h"
#include "metrics/worker_metrics.h"
#include "ports/model_host.h"
#include "worker/engine_launcher.h"

namespace parley::worker {

using ports::ModelKind;
using ports::ModelState;

class ModelInstance {
 public:
  ModelInstance(uint64_t instance_id, catalog::Pack model_pack, ModelKind model_kind,
                metrics::WorkerMetrics& metrics)
      : id(instance_id), pack(std::move(model_pack)), kind(model_kind), metrics_(metrics) {}
  ~ModelInstance();

  ModelState state() const { return state_; }
  int64_t since_us() const { return since_us_; }
  // Refuses (PARLEY_CHECK) what the drawing above does not have.
  void Transition(ModelState to, int64_t now_us);
  static bool IsLegal(ModelState from, ModelState to);

  const uint64_t id;
  const catalog::Pack pack;
  const ModelKind kind;

  std::unique_ptr<EngineInstance> engine;  // null while absent and failed
  engine::Loaded loaded;                   // valid from warming on
  int leases = 0;
  bool stale = false;     // the pack changed since
  bool unwanted = false;  // unload was asked for
  int64_t memory_bytes = 0;
  int64_t load_started_us = 0;
  int64_t load_ms = 0;
  int64_t ready_us = 0;
  int64_t used_us = 0;
  // What the loudness gain of each voice has come to, so that the next stream starts with it.
  std::map<std::string, float> gain_db;

 private:
  metrics::WorkerMetrics& metrics_;
  metrics::GaugeLease counted_;
  ModelState state_ = ModelState::kAbsent;
  int64_t since_us_ = 0;
};

}  // namespace parley::worker
