// What the models' layers are made of, as pieces of a graph. Activations are [channels, time(,
// batch)], float32 and contiguous unless said otherwise.
#pragma once

#include "cosyvoice2/nn/gemm.h"
#include "cosyvoice2/nn/graph.h"
#include "cosyvoice2/nn/weight_store.h"

namespace parley::cosyvoice2::nn {

Tensor Apply(Graph& graph, const Linear& linear, Tensor x);

// How a convolution goes over its frames; frames beyond either end are 0.
struct Walk {
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t left = 0;  // frames of 0 before the first
  int64_t right = 0;
  Activation activation = Activation::kNone;
  Tensor residual = nullptr;  // added last
};
// [in, T, B] becomes [out, (T + left + right − dilation · (taps − 1) − 1) / stride + 1, B].
Tensor Convolve(Graph& graph, const Conv& conv, Tensor x, const Walk& walk = {});
// As many frames as came in.
Tensor ConvolveSame(Graph& graph, const Conv& conv, Tensor x, int64_t dilation = 1,
                    Tensor residual = nullptr);

Tensor Normalize(Graph& graph, const LayerNorm& norm, Tensor x);
// Mish of the norm, and `added` [channels], where given, to every frame of that.
Tensor NormalizeMish(Graph& graph, const LayerNorm& norm, Tensor x, Tensor added = nullptr);
Tensor LeakyRelu(Graph& graph, Tensor x, float slope);
Tensor Elu(Graph& graph, Tensor x);
Tensor Mish(Graph& graph, Tensor x);
Tensor Silu(Graph& graph, Tensor x);
Tensor GeluErf(Graph& graph, Tensor x);
// `alpha` is [channels, 2]: alpha and 1 / (alpha + 1e-9).
Tensor Snake(Graph& graph, Tensor x, Tensor alpha);

// Frames [from, from + count) of the time axis; no copy.
Tensor Frames(Graph& graph, Tensor x, int64_t from, int64_t count);

}  // namespace parley::cosyvoice2::nn
