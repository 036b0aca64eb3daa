// Is everything warm that a conversation needs? Judged anew whenever there is news of the workers;
// the answer is remembered for /readyz.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "ports/model_host.h"

namespace parley::gateway {

struct ReadyState {
  bool ready = false;
  std::vector<std::string> missing;  // what is not ready, and why; in words
  std::vector<ports::ModelInfo> models;
};

// Pure. A default model of each kind must be ready; the language model only where the workers' own
// is used. `models`: of all workers that can be reached, or why there is none.
ReadyState JudgeReadiness(const Result<std::vector<ports::ModelInfo>>& models,
                          bool needs_language_model);

// Thread-safe.
class Readiness {
 public:
  // `on_ready` runs within Update each time it becomes ready.
  Readiness(bool needs_language_model, std::function<void()> on_ready);

  // One call at a time.
  void Update(const Result<std::vector<ports::ModelInfo>>& models);
  ReadyState state() const;

 private:
  const bool needs_language_model_;
  const std::function<void()> on_ready_;
  mutable std::mutex mutex_;
  ReadyState state_{.ready = false, .missing = {"worker: not asked yet"}, .models = {}};
};

}  // namespace parley::gateway
