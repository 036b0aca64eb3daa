// Runs graphs on the CPU with threads and scratch memory of its own. Weights and caches belong to
// no executor: several streams, each with its executor, share the weights. One thread at a time,
// but for the cancelled question, which the pool's threads ask.
#pragma once

#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml-cpu.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>

#include "base/result.h"
#include "cosyvoice2/nn/graph.h"

namespace parley::cosyvoice2::nn {

struct BufferDeleter {
  void operator()(ggml_backend_buffer* buffer) const { ggml_backend_buffer_free(buffer); }
};
using BufferPtr = std::unique_ptr<ggml_backend_buffer, BufferDeleter>;

// Cores that several executors share: whoever begins a graph gets its part of them, by how many are
// at it just then. More threads than cores would wait for each other at every node. Thread-safe.
class CoreShare {
 public:
  explicit CoreShare(int cores) : cores_(cores) {}

 private:
  friend class Executor;
  int Enter() { return std::max(1, cores_ / ++active_); }
  void Leave() { --active_; }

  const int cores_;
  std::atomic<int> active_ = 0;
};

class Executor {
 public:
  // At most `threads` work on each node of a graph (1 to 64); fewer where `share` has no more for
  // it. How many never changes what is computed.
  explicit Executor(int threads, std::shared_ptr<CoreShare> share = nullptr);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Asked between the nodes of a graph; true makes Run return kCancelled. Empty: never.
  void set_cancelled(std::function<bool()> cancelled) { cancelled_ = std::move(cancelled); }

  const std::function<bool()>& cancelled() const { return cancelled_; }

  // kCancelled, kResourceExhausted where memory for the activations is not to be had, kInternal.
  Status Run(Graph& graph);

  // Bytes of scratch memory held at present.
  size_t scratch_bytes() const;

 private:
  struct BackendDeleter {
    void operator()(ggml_backend* backend) const { ggml_backend_free(backend); }
  };
  struct PoolDeleter {
    void operator()(ggml_threadpool* pool) const { ggml_threadpool_free(pool); }
  };
  struct AllocatorDeleter {
    void operator()(ggml_gallocr* allocator) const { ggml_gallocr_free(allocator); }
  };

  ggml_status Compute(ggml_cgraph* graph);

  const int threads_;
  const std::shared_ptr<CoreShare> share_;
  std::function<bool()> cancelled_;
  std::unique_ptr<ggml_threadpool, PoolDeleter> pool_;
  std::unique_ptr<ggml_backend, BackendDeleter> backend_;
  std::unique_ptr<ggml_gallocr, AllocatorDeleter> allocator_;
};

// Memory for all tensors of `context` that have none, zeroed. kResourceExhausted.
Result<BufferPtr> AllocateTensors(ggml_context* context, const char* what);

}  // namespace parley::cosyvoice2::nn
