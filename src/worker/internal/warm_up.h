// The first use of a loaded model, before anyone waits for it: one short utterance (tts), a moment
// of silence (asr) or one token (llm). What is slow only once (page faults, kernels, caches) is
// paid here; a model that cannot do even this is not ready. From a voice it also learns how loud it
// is.
//
// One sequence: the executor.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"
#include "net/executor.h"
#include "worker/model_instance.h"

namespace parley::worker {

class ModelWarmUp {
 public:
  struct Outcome {
    // The gain that brings the voice to the target; absent for other kinds and for silence.
    std::optional<float> gain_db;
  };
  using DoneWith = std::function<void(Result<Outcome>)>;

  // `done` is called once, never within Start, and not after destruction.
  static std::unique_ptr<ModelWarmUp> Start(ModelInstance& instance, net::Executor& executor,
                                            int64_t deadline_us, float target_lufs, DoneWith done);
  ~ModelWarmUp();

 private:
  struct State;
  explicit ModelWarmUp(std::shared_ptr<State> state) : state_(std::move(state)) {}
  const std::shared_ptr<State> state_;
};

}  // namespace parley::worker
