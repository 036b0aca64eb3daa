#include "cosyvoice2/nn/executor.h"

#include <fmt/format.h>

#include "base/check.h"
#include "ggml/runtime.h"

namespace parley::cosyvoice2::nn {
namespace {

ggml_threadpool* NewPool(int threads) {
  ggml_threadpool_params params = ggml_threadpool_params_default(threads);
  return ggml_threadpool_new(&params);
}

}  // namespace

Executor::Executor(int threads)
    : pool_(NewPool(threads)),
      backend_(ggml_backend_cpu_init()),
      allocator_(ggml_gallocr_new(ggml_backend_cpu_buffer_type())) {
  PARLEY_CHECK(pool_ != nullptr && backend_ != nullptr && allocator_ != nullptr);
  ggml_backend_cpu_set_n_threads(backend_.get(), threads);
  ggml_backend_cpu_set_threadpool(backend_.get(), pool_.get());
  ggml_backend_cpu_set_abort_callback(
      backend_.get(),
      [](void* self) {
        const auto& cancelled = static_cast<Executor*>(self)->cancelled_;
        return cancelled && cancelled();
      },
      this);
}

Executor::~Executor() = default;

Status Executor::Run(Graph& graph) {
  if (!ggml_gallocr_alloc_graph(allocator_.get(), graph.graph_)) {
    return Fail(Code::kResourceExhausted,
                fmt::format("no memory for the activations of a graph of {} nodes: {}",
                            ggml_graph_n_nodes(graph.graph_), ggml::LastError()));
  }
  for (const Graph::Pending& input : graph.inputs_) {
    // An input that nothing uses has no memory.
    if (input.tensor->buffer == nullptr) continue;
    ggml_backend_tensor_set(input.tensor, input.data, 0, ggml_nbytes(input.tensor));
  }
  const ggml_status status = ggml_backend_graph_compute(backend_.get(), graph.graph_);
  if (status == GGML_STATUS_ABORTED) return Fail(Code::kCancelled, "nobody listens any more");
  if (status != GGML_STATUS_SUCCESS) {
    return Fail(Code::kInternal, fmt::format("ggml could not compute a graph: {} ({})",
                                             ggml_status_to_string(status), ggml::LastError()));
  }
  for (const Graph::Wanted& output : graph.outputs_) {
    output.to->resize(static_cast<size_t>(ggml_nelements(output.tensor)));
    ggml_backend_tensor_get(output.tensor, output.to->data(), 0, ggml_nbytes(output.tensor));
  }
  return {};
}

size_t Executor::scratch_bytes() const { return ggml_gallocr_get_buffer_size(allocator_.get(), 0); }

Result<BufferPtr> AllocateTensors(ggml_context* context, const char* what) {
  BufferPtr buffer(
      ggml_backend_alloc_ctx_tensors_from_buft(context, ggml_backend_cpu_buffer_type()));
  if (buffer == nullptr) {
    return Fail(Code::kResourceExhausted,
                fmt::format("no memory for {}: {} MB asked for", what,
                            ggml_backend_alloc_ctx_tensors_from_buft_size(
                                context, ggml_backend_cpu_buffer_type()) >>
                                20));
  }
  ggml_backend_buffer_clear(buffer.get(), 0);
  return buffer;
}

}  // namespace parley::cosyvoice2::nn
