#include "cosyvoice2/flow/encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "cosyvoice2/flow/sinusoids.h"
#include "cosyvoice2/nn/attention.h"
#include "cosyvoice2/profile/profile.h"

namespace parley::cosyvoice2 {
namespace {

using nn::Graph;
using nn::Tensor;

constexpr int64_t kAny = -1;
constexpr float kLayerEps = 1e-12f;  // of the layers' norms, as the official code has it
constexpr float kNormEps = 1e-5f;
constexpr float kAheadSlope = 0.01f;
constexpr int64_t kMel = 80;
constexpr int64_t kAheadTail = 2;
constexpr int64_t kUpTail = 4;

int64_t CountBlocks(const Weights& weights, const std::string& prefix) {
  const std::vector<std::string> names = weights.names();
  int64_t count = 0;
  while (std::find(names.begin(), names.end(),
                   fmt::format("{}.{}.norm_ff.weight", prefix, count)) != names.end()) {
    ++count;
  }
  return count;
}

int64_t FirstDim(const Weights& weights, const std::string& name, std::vector<int64_t> shape) {
  const auto view = weights.Get(name, shape);
  return view ? view->shape[0] : 0;
}

}  // namespace

Encoder::Encoder(const Weights& weights, nn::WeightStore& store) {
  vocabulary_ = FirstDim(weights, "input_embedding.weight", {kAny, kWidth});
  const int64_t feed =
      FirstDim(weights, "encoder.encoders.0.feed_forward.w_1.weight", {kAny, kWidth});
  token_table_ = store.Table("input_embedding.weight", vocabulary_, kWidth);
  const auto embedding = [&](const std::string& prefix) {
    return Embedding{store.MakeDense({{prefix + ".out.0", kWidth}}, kWidth),
                     store.MakeNorm(prefix + ".out.1", kWidth, kNormEps)};
  };
  embed_ = embedding("encoder.embed");
  ahead1_ = store.MakeConv("encoder.pre_lookahead_layer.conv1", kWidth, kWidth, kLookahead + 1);
  ahead2_ = store.MakeConv("encoder.pre_lookahead_layer.conv2", kWidth, kWidth, kAheadTail + 1);
  const auto layers = [&](const std::string& prefix, std::vector<Layer>& to) {
    const int64_t count = CountBlocks(weights, prefix);
    for (int64_t i = 0; i < count; ++i) {
      to.push_back(MakeLayer(store, fmt::format("{}.{}", prefix, i), feed));
    }
  };
  layers("encoder.encoders", layers_);
  up_ = store.MakeConv("encoder.up_layer.conv", kWidth, kWidth, kUpTail + 1);
  up_embed_ = embedding("encoder.up_embed");
  layers("encoder.up_encoders", up_layers_);
  after_norm_ = store.MakeNorm("encoder.after_norm", kWidth, kNormEps);
  projection_ = store.MakeDense({{"encoder_proj", kMel}}, kWidth);
}

Encoder::Layer Encoder::MakeLayer(nn::WeightStore& store, const std::string& prefix,
                                  int64_t feed_width) {
  const std::string attention = prefix + ".self_attn.";
  Layer layer;
  layer.attention_norm = store.MakeNorm(prefix + ".norm_mha", kWidth, kLayerEps);
  layer.qkv = store.MakeDense({{attention + "linear_q", kWidth},
                               {attention + "linear_k", kWidth},
                               {attention + "linear_v", kWidth}},
                              kWidth);
  layer.out = store.MakeDense({{attention + "linear_out", kWidth}}, kWidth);
  layer.place = store.MakeDense({{attention + "linear_pos", kWidth}}, kWidth, false);
  layer.content_bias = store.Table(attention + "pos_bias_u", kHeads, kHeadDim);
  layer.place_bias = store.Table(attention + "pos_bias_v", kHeads, kHeadDim);
  layer.feed_norm = store.MakeNorm(prefix + ".norm_ff", kWidth, kLayerEps);
  layer.feed_in = store.MakeDense({{prefix + ".feed_forward.w_1", feed_width}}, kWidth);
  layer.feed_out = store.MakeDense({{prefix + ".feed_forward.w_2", kWidth}}, feed_width);
  return layer;
}

EncoderState Encoder::NewState() const {
  const size_t row = nn::KvRowBytes(GGML_TYPE_F32, kHeads, kHeadDim);
  EncoderState state;
  state.token_pages = KvPages(static_cast<int64_t>(layers_.size()), row, kChunkTokens);
  state.mel_pages = KvPages(static_cast<int64_t>(up_layers_.size()), row, kChunkFrames);
  state.ahead_tail.assign(kAheadTail * kWidth, 0.0f);
  state.up_tail.assign(kUpTail * kWidth, 0.0f);
  return state;
}

struct Encoder::Pass {
  Graph graph;
  EncoderState& state;
  const Options& options;
  std::vector<float> ahead_tail;  // to be
  std::vector<float> up_tail;
};

Tensor Encoder::Embed(Graph& graph, const Embedding& embedding, Tensor x) const {
  x = nn::Normalize(graph, embedding.norm, nn::Convolve(graph, embedding.linear, x));
  return ggml_scale(graph.ctx(), x, std::sqrt(static_cast<float>(kWidth)));
}

// `x` has `count` frames, and after those the 3 that are looked at unless the stream ends.
Tensor Encoder::LookAhead(Pass& pass, Tensor x, int64_t count) const {
  Graph& graph = pass.graph;
  Tensor y = nn::Convolve(graph, ahead1_, x, {.right = pass.options.final ? kLookahead : 0});
  y = nn::LeakyRelu(graph, y, kAheadSlope);
  y = ggml_concat(graph.ctx(), graph.Input(pass.state.ahead_tail, kWidth, kAheadTail), y, 1);
  graph.Output(nn::Frames(graph, y, count, kAheadTail), &pass.ahead_tail);
  return nn::Convolve(graph, ahead2_, y, {.residual = nn::Frames(graph, x, 0, count)});
}

Tensor Encoder::Upsample(Pass& pass, Tensor x) const {
  Graph& graph = pass.graph;
  const int64_t frames = 2 * x->ne[1];
  x = ggml_reshape_2d(graph.ctx(), ggml_concat(graph.ctx(), x, x, 0), kWidth, frames);
  x = ggml_concat(graph.ctx(), graph.Input(pass.state.up_tail, kWidth, kUpTail), x, 1);
  graph.Output(nn::Frames(graph, x, frames, kUpTail), &pass.up_tail);
  return nn::Convolve(graph, up_, x);
}

Tensor Encoder::RunLayer(Pass& pass, const Layer& layer, KvPages& pages, int64_t unit,
                         int64_t chunk, Tensor places, Tensor x) const {
  Graph& graph = pass.graph;
  const int64_t done = pages.frames();
  nn::AttentionSpec spec = {.heads = kHeads, .dim = kHeadDim};
  spec.past = {pages.Rows(unit, pages.first(), done)};
  if (pass.options.keep) spec.kept = {pages.Rows(unit, done, done + x->ne[1])};
  spec.first_place = pages.first();
  spec.chunk = pass.options.chunked ? chunk : 0;
  spec.content_bias = layer.content_bias;
  spec.place_bias = layer.place_bias;
  spec.place_keys = nn::Convolve(graph, layer.place, places);
  Tensor qkv = nn::Convolve(graph, layer.qkv, nn::Normalize(graph, layer.attention_norm, x));
  Tensor attended = nn::AttendPaged(graph, qkv, std::move(spec));
  x = nn::Convolve(graph, layer.out, attended, {.residual = x});
  Tensor fed = nn::Convolve(graph, layer.feed_in, nn::Normalize(graph, layer.feed_norm, x),
                            {.activation = nn::Activation::kSilu});
  return nn::Convolve(graph, layer.feed_out, fed, {.residual = x});
}

Result<std::vector<float>> Encoder::Forward(nn::Executor& executor, EncoderState& state,
                                            std::span<const int> tokens, const Options& options,
                                            nn::Taps* taps) const {
  const auto given = static_cast<int64_t>(tokens.size());
  const profile::Span span("encoder", given);
  const int64_t count = options.final ? given : given - kLookahead;
  PARLEY_CHECK(count > 0);
  const int64_t frames = kFramesAToken * count;
  if (options.keep) {
    PARLEY_TRY_STATUS(state.token_pages.Reserve(state.tokens() + count));
    PARLEY_TRY_STATUS(state.mel_pages.Reserve(state.mel_pages.frames() + frames));
  }
  std::vector<float> rows(static_cast<size_t>(given * kWidth));
  for (int64_t i = 0; i < given; ++i) {
    const int64_t token = std::clamp<int64_t>(tokens[i], 0, vocabulary_ - 1);
    std::copy_n(static_cast<const float*>(token_table_->data) + token * kWidth, kWidth,
                &rows[i * kWidth]);
  }
  Pass pass = {Graph(taps), state, options, {}, {}};
  Graph& graph = pass.graph;
  const auto run = [&](const std::vector<Layer>& layers, KvPages& pages, int64_t new_frames,
                       int64_t chunk, const char* name, Tensor x) {
    const int64_t keys = pages.frames() - pages.first() + new_frames;
    Tensor places =
        graph.OwnedInput(PlaceCodes(keys, new_frames, kWidth), kWidth, keys + new_frames - 1);
    for (size_t i = 0; i < layers.size(); ++i) {
      x = RunLayer(pass, layers[i], pages, static_cast<int64_t>(i), chunk, places, x);
      graph.Tap(fmt::format("{}{}", name, i), x);
    }
    return x;
  };
  Tensor x = Embed(graph, embed_, graph.Input(rows, kWidth, given));
  graph.Tap("embed", nn::Frames(graph, x, 0, count));
  x = LookAhead(pass, x, count);
  graph.Tap("pre_lookahead", x);
  x = run(layers_, state.token_pages, count, kChunkTokens, "layer", x);
  x = Upsample(pass, x);
  graph.Tap("up_layer", x);
  x = Embed(graph, up_embed_, x);
  graph.Tap("up_embed", x);
  x = run(up_layers_, state.mel_pages, frames, kChunkFrames, "up", x);
  x = nn::Normalize(graph, after_norm_, x);
  graph.Tap("out", x);
  std::vector<float> mu;
  graph.Output(nn::Convolve(graph, projection_, x), &mu);
  PARLEY_TRY_STATUS(executor.Run(graph));
  if (options.keep) {
    state.token_pages.Commit(state.tokens() + count);
    state.mel_pages.Commit(state.mel_pages.frames() + frames);
    state.ahead_tail = std::move(pass.ahead_tail);
    state.up_tail = std::move(pass.up_tail);
  }
  if (taps != nullptr) (*taps)["mu"] = mu;
  return mu;
}

}  // namespace parley::cosyvoice2
