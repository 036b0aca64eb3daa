// Is everything warm that a conversation needs? Asks the worker which models it holds, often until
// they are ready and now and then later, and remembers the answer.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/executor.h"
#include "ports/model_host.h"

namespace parley::gateway {

struct ReadyState {
  bool ready = false;
  std::vector<std::string> missing;  // what is not ready, and why; in words
  std::vector<ports::ModelInfo> models;
};

// Pure. A default model of each kind must be ready; the language model only where the worker's own
// is used.
ReadyState JudgeReadiness(const Result<std::vector<ports::ModelInfo>>& models,
                          bool needs_language_model);

// Runs on `executor`, on whose thread it is made, started and destroyed (or once that has
// stopped). state() is thread-safe.
class Readiness {
 public:
  struct Config {
    bool needs_language_model = true;
    int ask_ms = 100;         // while not ready
    int ask_ready_ms = 2000;  // while ready
    int answer_ms = 5000;     // no answer by then: the worker is gone
  };

  // `host` and `clock` outlive it.
  Readiness(const Config& config, ports::ModelHost& host, const Clock& clock,
            net::Executor& executor);
  ~Readiness();

  void Start();
  // Runs on the executor each time it becomes ready.
  void OnReady(std::function<void()> on_ready);

  ReadyState state() const;

 private:
  struct Shared;
  void Ask();
  void OnAnswer(uint64_t question, Result<std::vector<ports::ModelInfo>> models);

  const Config config_;
  ports::ModelHost& host_;
  const Clock& clock_;
  net::Executor& executor_;
  const std::unique_ptr<net::Timer> timer_;
  std::function<void()> on_ready_;
  uint64_t question_ = 0;
  // Lets late answers see whether this still exists.
  const std::shared_ptr<Shared> shared_;
};

}  // namespace parley::gateway
