// One Generate stream: a request to an engine, its text back.
//
// One sequence: the executor. Lives until its caller and its engine's stream have both let go.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "metrics/worker_metrics.h"
#include "net/executor.h"
#include "ports/language_model.h"
#include "worker/model_manager.h"

namespace parley::worker {

class LanguageModelStream : public std::enable_shared_from_this<LanguageModelStream> {
 public:
  struct Deps {
    const Clock& clock;
    metrics::WorkerMetrics& metrics;
    net::Executor& executor;
    ModelManager& models;
  };

  LanguageModelStream(const Deps& deps, ports::LanguageModel::Request request,
                      ports::LanguageModel::Sink sink);

  // Thread-safe: the caller is gone.
  void CloseSink() { gate_.Close(); }

  void Begin();
  void Cancel();

  // Of the engine's stream.
  void OnEngine(engine::StreamEvent event);

 private:
  using Event = ports::LanguageModel::Event;

  void OnLease(Result<ModelLease> lease);
  void OnDone(const engine::Done& done);
  void FailStream(Error error, bool retryable);
  void Deliver(Event event);

  const Deps deps_;
  ports::LanguageModel::Request request_;
  ports::SinkGate<Event> gate_;
  metrics::GaugeLease counted_;
  const int64_t asked_us_;

  ModelLease lease_;
  uint64_t waiting_ = 0;
  uint32_t stream_ = 0;
  int64_t first_us_ = -1;
  int64_t deltas_ = 0;
  bool over_ = false;
};

}  // namespace parley::worker
