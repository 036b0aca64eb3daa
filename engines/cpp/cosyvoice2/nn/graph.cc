#include "cosyvoice2/nn/graph.h"

#include "base/check.h"

namespace parley::cosyvoice2::nn {
namespace {

ContextPtr MakeContext(size_t nodes_max) {
  // Tensors are more than nodes: leaves, and views that are no nodes of their own.
  const ggml_init_params params = {.mem_size = 2 * nodes_max * ggml_tensor_overhead() +
                                               ggml_graph_overhead_custom(nodes_max, false),
                                   .mem_buffer = nullptr,
                                   .no_alloc = true};
  ContextPtr context(ggml_init(params));
  PARLEY_CHECK(context != nullptr);
  return context;
}

}  // namespace

Graph::Graph(Taps* taps, size_t nodes_max)
    : context_(MakeContext(nodes_max)),
      graph_(ggml_new_graph_custom(context_.get(), nodes_max, false)),
      taps_(taps) {}

Tensor Graph::Input(std::span<const float> data, int64_t ne0, int64_t ne1, int64_t ne2) {
  PARLEY_CHECK(static_cast<int64_t>(data.size()) == ne0 * ne1 * ne2);
  Tensor tensor = ggml_new_tensor_3d(ctx(), GGML_TYPE_F32, ne0, ne1, ne2);
  ggml_set_input(tensor);
  inputs_.push_back({tensor, data.data()});
  return tensor;
}

Tensor Graph::Input(std::span<const int32_t> data) {
  Tensor tensor = ggml_new_tensor_1d(ctx(), GGML_TYPE_I32, static_cast<int64_t>(data.size()));
  ggml_set_input(tensor);
  inputs_.push_back({tensor, data.data()});
  return tensor;
}

Tensor Graph::OwnedInput(std::vector<float> data, int64_t ne0, int64_t ne1, int64_t ne2) {
  return Input(*Keep(std::move(data)), ne0, ne1, ne2);
}

void Graph::Store(Tensor from, Tensor to) {
  ggml_build_forward_expand(graph_, ggml_cpy(ctx(), from, to));
}

void Graph::Output(Tensor from, std::vector<float>* to) {
  // A view shares the memory of what it looks at, which only a copy keeps from being used again.
  Tensor tensor = ggml_cont(ctx(), from);
  ggml_set_output(tensor);
  ggml_build_forward_expand(graph_, tensor);
  outputs_.push_back({tensor, to});
}

void Graph::Tap(const std::string& name, Tensor tensor) {
  if (taps_ != nullptr) Output(tensor, &(*taps_)[name]);
}

}  // namespace parley::cosyvoice2::nn
