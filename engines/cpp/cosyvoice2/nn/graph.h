// One forward pass as a ggml graph: built by the models, run by an Executor, thrown away.
// Activations are [channels, time]: channels lie together (ne0), so that a frame is a row. One
// thread.
#pragma once

#include <ggml.h>

#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace parley::cosyvoice2::nn {

using Tensor = ggml_tensor*;

// Intermediate results by name, where somebody asked to see them (the golden tests).
using Taps = std::map<std::string, std::vector<float>>;

struct ContextDeleter {
  void operator()(ggml_context* context) const { ggml_free(context); }
};
using ContextPtr = std::unique_ptr<ggml_context, ContextDeleter>;

class Graph {
 public:
  static constexpr size_t kNodesMax = 16384;

  // `taps`, where given, takes what Tap names once the graph has run.
  explicit Graph(Taps* taps = nullptr, size_t nodes_max = kNodesMax);

  ggml_context* ctx() const { return context_.get(); }

  // Values that are copied in when the graph runs; `data` must live until then.
  Tensor Input(std::span<const float> data, int64_t ne0, int64_t ne1 = 1, int64_t ne2 = 1);
  Tensor Input(std::span<const int32_t> data);
  // The same, owned by the graph.
  Tensor OwnedInput(std::vector<float> data, int64_t ne0, int64_t ne1 = 1, int64_t ne2 = 1);

  // Copies `from` into the persistent tensor (or view) `to`, before whatever is built from now on.
  void Store(Tensor from, Tensor to);
  // What the run must compute, copied to `*to` when it has.
  void Output(Tensor from, std::vector<float>* to);
  void Tap(const std::string& name, Tensor tensor);
  bool tapped() const { return taps_ != nullptr; }

  // For operators that need parameters as long as the graph lives.
  template <class T>
  T* Keep(T value) {
    auto owned = std::make_shared<T>(std::move(value));
    kept_.push_back(owned);
    return owned.get();
  }

 private:
  friend class Executor;
  struct Pending {
    Tensor tensor;
    const void* data;
  };
  struct Wanted {
    Tensor tensor;
    std::vector<float>* to;
  };

  ContextPtr context_;
  ggml_cgraph* graph_;
  Taps* taps_;
  std::vector<Pending> inputs_;
  std::vector<Wanted> outputs_;
  std::vector<std::shared_ptr<void>> kept_;
};

}  // namespace parley::cosyvoice2::nn
