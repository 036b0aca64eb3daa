#include "cosyvoice2/nn/ops.h"

#include <cstring>

#include "base/check.h"
#include "cosyvoice2/nn/kernels.h"

namespace parley::cosyvoice2::nn {
namespace {

// The rows of a tensor that thread `ith` of `nth` does.
struct Share {
  int64_t begin;
  int64_t end;
};
Share ShareOf(const ggml_tensor* tensor, int ith, int nth) {
  const int64_t rows = ggml_nrows(tensor);
  return {rows * ith / nth, rows * (ith + 1) / nth};
}

const float* Row(const ggml_tensor* tensor, int64_t row) {
  return static_cast<const float*>(tensor->data) + row * tensor->ne[0];
}
float* MutableRow(ggml_tensor* tensor, int64_t row) {
  return static_cast<float*>(tensor->data) + row * tensor->ne[0];
}

Tensor Contiguous(Graph& graph, Tensor x) {
  return ggml_is_contiguous(x) ? x : ggml_cont(graph.ctx(), x);
}

using RowFn = void (*)(const float* x, float* y, int64_t n);

// One kernel on every row.
template <RowFn kKernel>
Tensor MapRows(Graph& graph, Tensor x) {
  return ggml_map_custom1(
      graph.ctx(), Contiguous(graph, x),
      [](ggml_tensor* to, const ggml_tensor* from, int ith, int nth, void*) {
        const Share share = ShareOf(to, ith, nth);
        for (int64_t row = share.begin; row < share.end; ++row) {
          kKernel(Row(from, row), MutableRow(to, row), to->ne[0]);
        }
      },
      GGML_N_TASKS_MAX, nullptr);
}

struct NormTask {
  float eps;
  bool mish;
};

Tensor NormRows(Graph& graph, const LayerNorm& norm, Tensor x, bool mish, Tensor added) {
  Tensor args[4] = {Contiguous(graph, x), norm.weight, norm.bias, added};
  return ggml_custom_4d(
      graph.ctx(), GGML_TYPE_F32, x->ne[0], x->ne[1], x->ne[2], x->ne[3], args,
      added == nullptr ? 3 : 4,
      [](ggml_tensor* to, int ith, int nth, void* userdata) {
        const auto& task = *static_cast<const NormTask*>(userdata);
        const Share share = ShareOf(to, ith, nth);
        for (int64_t row = share.begin; row < share.end; ++row) {
          float* y = MutableRow(to, row);
          kernels::LayerNorm(Row(to->src[0], row), Row(to->src[1], 0), Row(to->src[2], 0), task.eps,
                             y, to->ne[0]);
          if (task.mish) kernels::Mish(y, y, to->ne[0]);
          if (to->src[3] != nullptr) kernels::Add(Row(to->src[3], 0), y, to->ne[0]);
        }
      },
      GGML_N_TASKS_MAX, graph.Keep(NormTask{norm.eps, mish}));
}

const float* Data(const ggml_tensor* tensor) { return static_cast<const float*>(tensor->data); }

// The sources of the node are x, the weights, and what there is of bias and residual.
struct PackedConv {
  ConvTask task;
  bool bias;
  bool residual;
};

Tensor ConvolvePacked(Graph& graph, const Conv& conv, Tensor x, const Walk& walk,
                      const ConvTask& task) {
  Tensor args[4] = {x, conv.weight};
  int count = 2;
  if (conv.bias != nullptr) args[count++] = conv.bias;
  if (walk.residual != nullptr) args[count++] = Contiguous(graph, walk.residual);
  return ggml_custom_4d(
      graph.ctx(), GGML_TYPE_F32, conv.out, task.out_frames, task.batch, 1, args, count,
      [](ggml_tensor* to, int ith, int nth, void* userdata) {
        const auto& packed = *static_cast<const PackedConv*>(userdata);
        ConvTask run = packed.task;
        run.x = Data(to->src[0]);
        run.packed = Data(to->src[1]);
        if (packed.bias) run.bias = Data(to->src[2]);
        if (packed.residual) run.residual = Data(to->src[packed.bias ? 3 : 2]);
        run.y = static_cast<float*>(to->data);
        RunConv(run, ith, nth);
      },
      GGML_N_TASKS_MAX,
      graph.Keep(PackedConv{task, conv.bias != nullptr, walk.residual != nullptr}));
}

// What each output frame sees, laid end to end: [taps · in, out_frames, batch].
Tensor LayOut(Graph& graph, Tensor x, const ConvTask& task) {
  Tensor args[] = {x};
  return ggml_custom_4d(
      graph.ctx(), GGML_TYPE_F32, task.taps * task.in, task.out_frames, task.batch, 1, args, 1,
      [](ggml_tensor* to, int ith, int nth, void* userdata) {
        const auto& conv = *static_cast<const ConvTask*>(userdata);
        const Share share = ShareOf(to, ith, nth);
        for (int64_t row = share.begin; row < share.end; ++row) {
          const int64_t first = row % conv.out_frames * conv.stride - conv.left;
          const float* const sequence =
              Data(to->src[0]) + row / conv.out_frames * conv.frames * conv.in;
          for (int64_t tap = 0; tap < conv.taps; ++tap) {
            const int64_t frame = first + tap * conv.dilation;
            float* const y = MutableRow(to, row) + tap * conv.in;
            if (frame >= 0 && frame < conv.frames) {
              std::memcpy(y, sequence + frame * conv.in, conv.in * sizeof(float));
            } else {
              std::memset(y, 0, conv.in * sizeof(float));
            }
          }
        }
      },
      GGML_N_TASKS_MAX, graph.Keep(task));
}

Tensor ConvolveByGgml(Graph& graph, const Conv& conv, Tensor x, const Walk& walk,
                      const ConvTask& task) {
  const bool plain = task.taps == 1 && task.stride == 1 && task.out_frames == task.frames;
  Tensor seen = plain ? x : LayOut(graph, x, task);
  // One matrix product for the whole batch.
  seen = ggml_reshape_2d(graph.ctx(), seen, seen->ne[0], seen->ne[1] * seen->ne[2]);
  Tensor y = Apply(graph, {conv.weight, conv.bias}, seen);
  y = ggml_reshape_3d(graph.ctx(), y, conv.out, task.out_frames, task.batch);
  if (walk.activation == Activation::kSilu) y = Silu(graph, y);
  if (walk.activation == Activation::kGelu) y = GeluErf(graph, y);
  return walk.residual == nullptr ? y : ggml_add(graph.ctx(), y, walk.residual);
}

}  // namespace

Tensor Apply(Graph& graph, const Linear& linear, Tensor x) {
  Tensor y = ggml_mul_mat(graph.ctx(), linear.weight, x);
  return linear.bias == nullptr ? y : ggml_add(graph.ctx(), y, linear.bias);
}

Tensor Convolve(Graph& graph, const Conv& conv, Tensor x, const Walk& walk) {
  x = Contiguous(graph, x);
  PARLEY_CHECK(x->ne[0] == conv.in);
  ConvTask task = {.in = conv.in,
                   .frames = x->ne[1],
                   .batch = x->ne[2],
                   .taps = conv.taps,
                   .stride = walk.stride,
                   .dilation = walk.dilation,
                   .left = walk.left,
                   .activation = walk.activation,
                   .out = conv.out};
  const int64_t reach = walk.dilation * (conv.taps - 1);
  task.out_frames = (x->ne[1] + walk.left + walk.right - reach - 1) / walk.stride + 1;
  return conv.packed ? ConvolvePacked(graph, conv, x, walk, task)
                     : ConvolveByGgml(graph, conv, x, walk, task);
}

Tensor ConvolveSame(Graph& graph, const Conv& conv, Tensor x, int64_t dilation, Tensor residual) {
  const int64_t reach = dilation * (conv.taps - 1) / 2;
  return Convolve(graph, conv, x,
                  {.dilation = dilation, .left = reach, .right = reach, .residual = residual});
}

Tensor Normalize(Graph& graph, const LayerNorm& norm, Tensor x) {
  return NormRows(graph, norm, x, false, nullptr);
}

Tensor NormalizeMish(Graph& graph, const LayerNorm& norm, Tensor x, Tensor added) {
  return NormRows(graph, norm, x, true, added);
}

Tensor LeakyRelu(Graph& graph, Tensor x, float slope) {
  return ggml_map_custom1(
      graph.ctx(), Contiguous(graph, x),
      [](ggml_tensor* to, const ggml_tensor* from, int ith, int nth, void* slope_of) {
        const Share share = ShareOf(to, ith, nth);
        kernels::LeakyRelu(Row(from, share.begin), MutableRow(to, share.begin),
                           (share.end - share.begin) * to->ne[0],
                           *static_cast<const float*>(slope_of));
      },
      GGML_N_TASKS_MAX, graph.Keep(slope));
}

Tensor Elu(Graph& graph, Tensor x) { return MapRows<kernels::Elu>(graph, x); }
Tensor Mish(Graph& graph, Tensor x) { return MapRows<kernels::Mish>(graph, x); }
Tensor Silu(Graph& graph, Tensor x) { return MapRows<kernels::Silu>(graph, x); }
Tensor GeluErf(Graph& graph, Tensor x) { return MapRows<kernels::GeluErf>(graph, x); }

Tensor Snake(Graph& graph, Tensor x, Tensor alpha) {
  return ggml_map_custom2(
      graph.ctx(), Contiguous(graph, x), alpha,
      [](ggml_tensor* to, const ggml_tensor* from, const ggml_tensor* alphas, int ith, int nth,
         void*) {
        const Share share = ShareOf(to, ith, nth);
        for (int64_t row = share.begin; row < share.end; ++row) {
          kernels::Snake(Row(from, row), Row(alphas, 0), Row(alphas, 1), MutableRow(to, row),
                         to->ne[0]);
        }
      },
      GGML_N_TASKS_MAX, nullptr);
}

Tensor Frames(Graph& graph, Tensor x, int64_t from, int64_t count) {
  return ggml_view_3d(graph.ctx(), x, x->ne[0], count, x->ne[2], x->nb[1], x->nb[2],
                      static_cast<size_t>(from) * x->nb[1]);
}

}  // namespace parley::cosyvoice2::nn
