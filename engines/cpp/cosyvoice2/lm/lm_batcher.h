// Steps of the language model for several sequences at once. Most of a step is reading the weights,
// so that a step of four sequences takes little longer than that of one. Whoever steps while a
// batch is computed is in the next. Where the model batches exactly, a sequence gets the bytes that
// it would get alone.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/lm/lm.h"
#include "cosyvoice2/nn/executor.h"

namespace parley::cosyvoice2 {

// Thread-safe.
class LmBatcher {
 public:
  // At most `sequences_max` in a batch.
  LmBatcher(const Lm& lm, int threads, std::shared_ptr<nn::CoreShare> share, size_t sequences_max);

  // A sequence that steps again and again; the others wait a moment for it, so that all go in one
  // batch. One thread.
  class Seat {
   public:
    explicit Seat(LmBatcher& batcher);
    ~Seat();
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

    // The logits after `symbol`. Errors are those of Lm::Forward; kCancelled once `cancelled` says
    // so, whatever the others do.
    Result<std::vector<float>> Step(LmState& state, const Symbol& symbol,
                                    const std::function<bool()>& cancelled);

   private:
    LmBatcher& batcher_;
  };

  // The greatest batch so far.
  size_t sequences_seen() const;

 private:
  using Logits = Result<std::vector<float>>;
  struct Waiting {
    Lm::Step step;
    const std::function<bool()>& cancelled;
    std::optional<Logits> logits = std::nullopt;
  };

  Logits Step(Waiting& mine);
  void RunBatch(std::unique_lock<std::mutex>& lock);
  std::vector<std::optional<Logits>> Compute(const std::vector<Waiting*>& batch);
  // Those of `batch` that `which` says, in one pass.
  Status ComputeTogether(const std::vector<Waiting*>& batch, const std::vector<size_t>& which,
                         std::vector<std::optional<Logits>>& logits);
  static bool IsCancelled(const Waiting& one);

  const Lm& lm_;
  const size_t sequences_max_;
  nn::Executor executor_;  // of who runs a batch

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Waiting*> waiting_;
  size_t seats_ = 0;
  size_t seen_ = 0;
  bool running_ = false;
};

}  // namespace parley::cosyvoice2
