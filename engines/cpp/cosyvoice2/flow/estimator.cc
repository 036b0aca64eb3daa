#include "cosyvoice2/flow/estimator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "base/check.h"
#include "cosyvoice2/flow/sinusoids.h"
#include "cosyvoice2/nn/attention.h"

namespace parley::cosyvoice2 {
namespace {

using nn::Graph;
using nn::Tensor;

constexpr int64_t kAny = -1;
constexpr int64_t kTaps = 3;
constexpr int64_t kTail = kTaps - 1;  // frames
constexpr float kEps = 1e-5f;
const std::string kPrefix = "decoder.estimator.";

int64_t FirstDim(const Weights& weights, const std::string& name, size_t rank) {
  const std::vector<int64_t> shape(rank, kAny);
  const auto view = weights.Get(name, shape);
  return view ? view->shape[0] : 0;
}

int64_t Count(const Weights& weights, const std::string& prefix, const std::string& last) {
  const std::vector<std::string> names = weights.names();
  int64_t count = 0;
  while (std::find(names.begin(), names.end(), fmt::format("{}{}{}", prefix, count, last)) !=
         names.end()) {
    ++count;
  }
  return count;
}

}  // namespace

Estimator::Estimator(const Weights& weights, nn::WeightStore& store, int64_t head_dim)
    : head_dim_(head_dim) {
  channels_ = FirstDim(weights, kPrefix + "final_block.block.0.bias", 1);
  const int64_t time_width = FirstDim(weights, kPrefix + "time_mlp.linear_1.bias", 1);
  heads_ = FirstDim(weights, kPrefix + "down_blocks.0.1.0.attn1.to_q.weight", 2) / head_dim;
  time1_ = store.MakeDense({{kPrefix + "time_mlp.linear_1", time_width}}, kTimeCodeWidth);
  time2_ = store.MakeDense({{kPrefix + "time_mlp.linear_2", time_width}}, time_width);
  stages_.push_back(MakeStage(weights, store, "down", 0, kInput));
  down_conv_ = MakeCausal(store, kPrefix + "down_blocks.0.2", channels_);
  const int64_t middle = Count(weights, kPrefix + "mid_blocks.", ".0.res_conv.weight");
  for (int64_t i = 0; i < middle; ++i) {
    stages_.push_back(MakeStage(weights, store, "mid", i, channels_));
  }
  stages_.push_back(MakeStage(weights, store, "up", 0, 2 * channels_));
  up_conv_ = MakeCausal(store, kPrefix + "up_blocks.0.2", channels_);
  final_conv_ = MakeCausal(store, kPrefix + "final_block.block.0", channels_);
  final_norm_ = store.MakeNorm(kPrefix + "final_block.block.2", channels_, kEps);
  projection_ = store.MakeConv(kPrefix + "final_proj", kOutput, channels_, 1);
}

Estimator::CausalConv Estimator::MakeCausal(nn::WeightStore& store, const std::string& prefix,
                                            int64_t in) {
  CausalConv causal;
  causal.conv = store.MakeConv(prefix, channels_, in, kTaps);
  causal.tail_at = tail_size_;
  tail_size_ += static_cast<size_t>(kTail * in);
  return causal;
}

Estimator::Stage Estimator::MakeStage(const Weights& weights, nn::WeightStore& store,
                                      const std::string& kind, int64_t index, int64_t in) {
  const std::string prefix = fmt::format("{}{}_blocks.{}.", kPrefix, kind, index);
  const int64_t time_width = time2_.out;
  Stage stage;
  stage.name = fmt::format("{}{}", kind, index);
  stage.time = store.MakeDense({{prefix + "0.mlp.1", channels_}}, time_width);
  stage.conv1 = MakeCausal(store, prefix + "0.block1.block.0", in);
  stage.norm1 = store.MakeNorm(prefix + "0.block1.block.2", channels_, kEps);
  stage.conv2 = MakeCausal(store, prefix + "0.block2.block.0", channels_);
  stage.norm2 = store.MakeNorm(prefix + "0.block2.block.2", channels_, kEps);
  stage.residual = store.MakeConv(prefix + "0.res_conv", channels_, in, 1);
  const int64_t blocks = Count(weights, prefix + "1.", ".norm1.weight");
  for (int64_t i = 0; i < blocks; ++i) {
    stage.blocks.push_back(MakeBlock(weights, store, fmt::format("{}1.{}.", prefix, i)));
  }
  return stage;
}

Estimator::Block Estimator::MakeBlock(const Weights& weights, nn::WeightStore& store,
                                      const std::string& prefix) {
  const int64_t width = heads_ * head_dim_;
  const int64_t feed = FirstDim(weights, prefix + "ff.net.0.proj.bias", 1);
  Block block;
  block.attention_norm = store.MakeNorm(prefix + "norm1", channels_, kEps);
  block.qkv = store.MakeDense({{prefix + "attn1.to_q", width},
                               {prefix + "attn1.to_k", width},
                               {prefix + "attn1.to_v", width}},
                              channels_, false);
  block.out = store.MakeDense({{prefix + "attn1.to_out.0", channels_}}, width);
  block.feed_norm = store.MakeNorm(prefix + "norm3", channels_, kEps);
  block.feed_in = store.MakeDense({{prefix + "ff.net.0.proj", feed}}, channels_);
  block.feed_out = store.MakeDense({{prefix + "ff.net.2", channels_}}, feed);
  return block;
}

Result<Estimator::TimeVectors> Estimator::EmbedTime(nn::Executor& executor, float t,
                                                    nn::Taps* taps) const {
  Graph graph(taps);
  Tensor x = graph.OwnedInput(TimeCode(t), kTimeCodeWidth);
  x = nn::Convolve(graph, time1_, x, {.activation = nn::Activation::kSilu});
  x = nn::Convolve(graph, time2_, x);
  graph.Tap("temb", x);
  x = nn::Mish(graph, x);
  std::vector<std::vector<float>> parts(stages_.size());
  for (size_t i = 0; i < stages_.size(); ++i) {
    graph.Output(nn::Convolve(graph, stages_[i].time, x), &parts[i]);
  }
  PARLEY_TRY_STATUS(executor.Run(graph));
  TimeVectors vectors;
  for (const std::vector<float>& part : parts) {
    vectors.insert(vectors.end(), part.begin(), part.end());
  }
  return vectors;
}

struct Estimator::Pass {
  Graph graph;
  const Call& call;
  int64_t frames;
  Tensor time;   // [channels, stages]
  Tensor tails;  // [tail size, batch]; null: zeros
  struct TailOut {
    size_t at;  // in a sequence's tails
    std::vector<float> values;
  };
  std::deque<TailOut> tails_out;
};

Tensor Estimator::RunCausal(Pass& pass, const CausalConv& causal, Tensor x) const {
  ggml_context* ctx = pass.graph.ctx();
  if (pass.tails == nullptr) return nn::Convolve(pass.graph, causal.conv, x, {.left = kTail});
  const int64_t in = causal.conv.in;
  Tensor tail = ggml_view_3d(ctx, pass.tails, in, kTail, pass.call.batch, in * sizeof(float),
                             pass.tails->nb[1], causal.tail_at * sizeof(float));
  x = ggml_concat(ctx, tail, x, 1);
  if (pass.call.tails_out != nullptr) {
    pass.tails_out.push_back({causal.tail_at, {}});
    pass.graph.Output(nn::Frames(pass.graph, x, pass.frames, kTail), &pass.tails_out.back().values);
  }
  return nn::Convolve(pass.graph, causal.conv, x);
}

Tensor Estimator::RunBlock(Pass& pass, const Block& block, int64_t unit, Tensor x) const {
  Graph& graph = pass.graph;
  nn::AttentionSpec spec = {.heads = heads_, .dim = head_dim_, .kv_type = pass.call.kv_type};
  spec.chunk = pass.call.chunk;
  if (const KvPages* pages = pass.call.pages; pages != nullptr) {
    spec.first_place = pages->first();
    for (int64_t sequence = 0; sequence < pass.call.batch; ++sequence) {
      const int64_t at = pass.call.first_unit + sequence * blocks() + unit;
      const int64_t done = pages->frames();
      spec.past.push_back(pages->Rows(at, pages->first(), done));
      if (pass.call.keep) spec.kept.push_back(pages->Rows(at, done, done + pass.frames));
    }
  }
  Tensor qkv = nn::Convolve(graph, block.qkv, nn::Normalize(graph, block.attention_norm, x));
  Tensor attended = nn::AttendPaged(graph, qkv, std::move(spec));
  x = nn::Convolve(graph, block.out, attended, {.residual = x});
  Tensor fed = nn::Convolve(graph, block.feed_in, nn::Normalize(graph, block.feed_norm, x),
                            {.activation = nn::Activation::kGelu});
  return nn::Convolve(graph, block.feed_out, fed, {.residual = x});
}

Tensor Estimator::RunStage(Pass& pass, int64_t index, Tensor x) const {
  const Stage& stage = stages_[index];
  Graph& graph = pass.graph;
  Tensor time = ggml_view_1d(graph.ctx(), pass.time, channels_, index * pass.time->nb[1]);
  Tensor y = nn::NormalizeMish(graph, stage.norm1, RunCausal(pass, stage.conv1, x), time);
  y = nn::NormalizeMish(graph, stage.norm2, RunCausal(pass, stage.conv2, y));
  x = nn::Convolve(graph, stage.residual, x, {.residual = y});
  graph.Tap(stage.name + "_res", x);
  const auto count = static_cast<int64_t>(stage.blocks.size());
  for (int64_t i = 0; i < count; ++i) {
    x = RunBlock(pass, stage.blocks[i], index * count + i, x);
    graph.Tap(fmt::format("{}_tb{}", stage.name, i), x);
  }
  return x;
}

Tensor Estimator::RunAll(Pass& pass, Tensor x) const {
  Graph& graph = pass.graph;
  const auto last = static_cast<int64_t>(stages_.size()) - 1;
  x = RunStage(pass, 0, x);
  Tensor skipped = x;
  x = RunCausal(pass, down_conv_, x);
  graph.Tap("down0_conv", x);
  for (int64_t i = 1; i < last; ++i) x = RunStage(pass, i, x);
  x = RunStage(pass, last, ggml_concat(graph.ctx(), x, skipped, 0));
  x = RunCausal(pass, up_conv_, x);
  graph.Tap("up0_conv", x);
  x = nn::NormalizeMish(graph, final_norm_, RunCausal(pass, final_conv_, x));
  graph.Tap("final_block", x);
  return nn::Convolve(graph, projection_, x);
}

Result<std::vector<float>> Estimator::Forward(nn::Executor& executor, const Call& call,
                                              nn::Taps* taps) const {
  const int64_t frames = static_cast<int64_t>(call.input.size()) / (kInput * call.batch);
  Pass pass = {Graph(taps), call, frames, nullptr, nullptr, {}};
  Graph& graph = pass.graph;
  pass.time = graph.Input(*call.time, channels_, static_cast<int64_t>(stages_.size()));
  if (!call.tails.empty()) {
    pass.tails = graph.Input(call.tails, static_cast<int64_t>(tail_size_), call.batch);
  }
  std::vector<float> moved;
  graph.Output(RunAll(pass, graph.Input(call.input, kInput, frames, call.batch)), &moved);
  PARLEY_TRY_STATUS(executor.Run(graph));
  if (call.tails_out != nullptr) {
    call.tails_out->resize(static_cast<size_t>(call.batch) * tail_size_);
    for (const Pass::TailOut& tail : pass.tails_out) {
      const size_t size = tail.values.size() / static_cast<size_t>(call.batch);
      for (size_t sequence = 0; sequence < static_cast<size_t>(call.batch); ++sequence) {
        std::copy_n(
            tail.values.begin() + static_cast<int64_t>(sequence * size), size,
            call.tails_out->begin() + static_cast<int64_t>(sequence * tail_size_ + tail.at));
      }
    }
  }
  return moved;
}

}  // namespace parley::cosyvoice2
