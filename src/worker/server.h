// A worker: voice packs, their engines, and the gRPC service that lends them out. One io thread
// carries the model manager and all streams, one spells out texts; engines bring their own threads,
// gRPC its own.
//
//   gRPC ─▶ rpc::SpeechServer ─▶ EngineVoice, … ─▶ executor: streams, ModelManager ─▶ engines
//                                                  texts: Normalizers ─┘
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "metrics/registry.h"
#include "worker/engine_launcher.h"
#include "worker/worker_config.h"

namespace parley::worker {

class Worker {
 public:
  struct Deps {
    metrics::Registry& registry;
    const Clock& clock;
    EngineLauncher& launcher;
    catalog::ModelsConfig models;
    std::string version;
  };

  // Listens and begins to load when it returns; all outlive the worker. kInvalidArgument for the
  // config, kAlreadyExists or kUnavailable for the address.
  static Result<std::unique_ptr<Worker>> Create(const WorkerConfig& config, const Deps& deps);
  ~Worker();

  // As clients reach it.
  const std::string& address() const;
  // Where /metrics is served; empty: nowhere.
  std::string metrics_url() const;

  // Thread-safe: why not every default model is ready; empty when all are.
  std::string NotReadyWhy() const;

  // Takes no new streams, lets those under way end for `drain_ms`, then ends them and the engines.
  // Returns when all are gone. Idempotent; the destructor calls it with 0.
  void Stop(int64_t drain_ms);

 private:
  struct Impl;
  explicit Worker(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace parley::worker
