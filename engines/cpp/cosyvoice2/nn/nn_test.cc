#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"
#include "cosyvoice2/flow/kv_pages.h"
#include "cosyvoice2/nn/attention.h"
#include "cosyvoice2/nn/executor.h"
#include "cosyvoice2/nn/gemm.h"
#include "cosyvoice2/nn/gemm8.h"
#include "cosyvoice2/nn/kernels.h"
#include "cosyvoice2/nn/ops.h"

namespace parley::cosyvoice2::nn {
namespace {

std::vector<float> Random(size_t count, uint64_t seed, double scale = 1) {
  SplitMix64 random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(scale * random.NextNormal());
  return values;
}

TEST(Kernels, AgreeWithTheMathsLibrary) {
  const std::vector<float> x = Random(1001, 1, 4);
  const std::vector<float> alpha(1001, 1.5f);
  const std::vector<float> inverse(1001, 1 / 1.5f);
  std::vector<float> elu(1001), snake(1001), mish(1001), silu(1001), gelu(1001);
  kernels::Elu(x.data(), elu.data(), 1001);
  kernels::Snake(x.data(), alpha.data(), inverse.data(), snake.data(), 1001);
  kernels::Mish(x.data(), mish.data(), 1001);
  kernels::Silu(x.data(), silu.data(), 1001);
  kernels::GeluErf(x.data(), gelu.data(), 1001);
  for (size_t i = 0; i < x.size(); ++i) {
    const double v = x[i];
    EXPECT_NEAR(elu[i], v > 0 ? v : std::expm1(v), 1e-6) << v;
    EXPECT_NEAR(snake[i], v + std::pow(std::sin(1.5 * v), 2) / 1.5, 2e-6) << v;
    EXPECT_NEAR(mish[i], v * std::tanh(std::log1p(std::exp(v))), 3e-6) << v;
    EXPECT_NEAR(silu[i], v / (1 + std::exp(-v)), 3e-6) << v;
    EXPECT_NEAR(gelu[i], v * 0.5 * (1 + std::erf(v / std::sqrt(2.0))), 3e-6) << v;
  }
}

TEST(Kernels, ANormOfSmallNumbersFeelsItsEpsilon) {
  const std::vector<float> x = {1e-6f, -1e-6f, 2e-6f, -2e-6f};
  const std::vector<float> one(4, 1.0f);
  const std::vector<float> zero(4, 0.0f);
  std::vector<float> tight(4), loose(4);
  kernels::LayerNorm(x.data(), one.data(), zero.data(), 1e-12f, tight.data(), 4);
  kernels::LayerNorm(x.data(), one.data(), zero.data(), 1e-5f, loose.data(), 4);
  EXPECT_NEAR(tight[2], 2e-6 / std::sqrt(2.5e-12 + 1e-12), 1e-4);
  EXPECT_NEAR(loose[2], 2e-6 / std::sqrt(2.5e-12 + 1e-5), 1e-7);
}

// What a convolution is, written out.
std::vector<float> Convolved(const ConvTask& task, const std::vector<float>& weight) {
  std::vector<float> y(static_cast<size_t>(task.batch * task.out_frames * task.out));
  for (int64_t i = 0; i < static_cast<int64_t>(y.size()); ++i) {
    const int64_t o = i % task.out;
    const int64_t t = i / task.out % task.out_frames;
    const int64_t b = i / task.out / task.out_frames;
    double sum = task.bias[o];
    for (int64_t k = 0; k < task.taps * task.in; ++k) {
      const int64_t frame = t * task.stride + k / task.in * task.dilation - task.left;
      if (frame < 0 || frame >= task.frames) continue;
      sum += static_cast<double>(weight[o * task.taps * task.in + k]) *
             task.x[(b * task.frames + frame) * task.in + k % task.in];
    }
    y[i] = static_cast<float>(sum);
  }
  return y;
}

TEST(Gemm, ConvolvesAsItIsWrittenOut) {
  for (const int64_t out : {1, 18, 64, 80}) {
    for (const int64_t frames : {1, 7, 50, 61}) {
      ConvTask task = {.in = 18,
                       .frames = frames,
                       .batch = 2,
                       .taps = 3,
                       .dilation = 2,
                       .left = 4,
                       .out = out,
                       .out_frames = frames};
      const auto x = Random(static_cast<size_t>(2 * frames * 18), 3);
      const auto weight = Random(static_cast<size_t>(out * 54), 4, 0.2);
      const auto bias = Random(static_cast<size_t>(out), 5);
      std::vector<float> packed(static_cast<size_t>(PackedSize(out, 54)));
      PackPanels(weight, out, 54, packed.data());
      task.x = x.data();
      task.packed = packed.data();
      task.bias = bias.data();
      const auto expected = Convolved(task, weight);
      std::vector<float> one(expected.size()), three(expected.size());
      task.y = one.data();
      RunConv(task, 0, 1);
      task.y = three.data();
      for (int thread = 0; thread < 3; ++thread) RunConv(task, thread, 3);
      EXPECT_EQ(one, three) << "threads change the bytes";
      for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(one[i], expected[i], 2e-5);
    }
  }
}

TEST(Gemm, InEightBitsConvolvesAlmostAsItIsWrittenOut) {
  ConvTask task = {
      .in = 64, .frames = 45, .batch = 2, .taps = 3, .left = 2, .out = 40, .out_frames = 45};
  const auto x = Random(2 * 45 * 64, 3);
  const auto weight = Random(40 * 192, 4, 0.1);
  const auto bias = Random(40, 5);
  std::vector<uint8_t> packed(static_cast<size_t>(PackedSize8(40, 192)));
  PackPanels8(weight, 40, 192, packed.data());
  std::vector<uint8_t> rows(static_cast<size_t>(2 * 45 * RowSize8(64)));
  for (int64_t row = 0; row < 2 * 45; ++row) {
    QuantizeRow8(&x[row * 64], 64, &rows[row * RowSize8(64)]);
  }
  task.x = x.data();
  task.bias = bias.data();
  const auto expected = Convolved(task, weight);
  std::vector<float> one(expected.size()), three(expected.size());
  task.y = one.data();
  RunConv8(task, rows.data(), packed.data(), 0, 1);
  task.y = three.data();
  for (int thread = 0; thread < 3; ++thread) RunConv8(task, rows.data(), packed.data(), thread, 3);
  EXPECT_EQ(one, three) << "threads change the bytes";
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(one[i], expected[i], 0.08) << i;
}

// Attention written out, over rows of [queries | keys | values].
std::vector<float> Attended(const std::vector<float>& qkv, int64_t frames, int64_t done,
                            int64_t heads, int64_t dim, int64_t chunk) {
  const int64_t width = heads * dim;
  std::vector<float> out(static_cast<size_t>((frames - done) * width));
  for (int64_t i = done; i < frames; ++i) {
    const int64_t seen = chunk == 0 ? frames : std::min(frames, (i / chunk + 1) * chunk);
    for (int64_t h = 0; h < heads; ++h) {
      std::vector<double> p(static_cast<size_t>(seen));
      double sum = 0;
      for (int64_t j = 0; j < seen; ++j) {
        double score = 0;
        for (int64_t d = 0; d < dim; ++d) {
          score += static_cast<double>(qkv[i * 3 * width + h * dim + d]) *
                   qkv[j * 3 * width + width + h * dim + d];
        }
        p[j] = std::exp(score / std::sqrt(static_cast<double>(dim)));
        sum += p[j];
      }
      for (int64_t d = 0; d < dim; ++d) {
        double value = 0;
        for (int64_t j = 0; j < seen; ++j) {
          value += p[j] / sum * qkv[j * 3 * width + 2 * width + h * dim + d];
        }
        out[(i - done) * width + h * dim + d] = static_cast<float>(value);
      }
    }
  }
  return out;
}

std::vector<float> RunAttention(const std::vector<float>& qkv, int64_t frames, AttentionSpec spec) {
  Graph graph;
  const int64_t rows = 3 * spec.heads * spec.dim;
  std::vector<float> out;
  graph.Output(AttendPaged(graph, graph.Input(qkv, rows, frames), std::move(spec)), &out);
  Executor executor(2);
  EXPECT_TRUE(executor.Run(graph));
  return out;
}

TEST(Attention, OverPagesIsThatOfTheWhole) {
  constexpr int64_t kHeads = 4, kDim = 32, kFrames = 130, kDone = 50, kChunk = 50;
  const auto qkv = Random(static_cast<size_t>(kFrames * 3 * kHeads * kDim), 9);
  const auto expected = Attended(qkv, kFrames, kDone, kHeads, kDim, kChunk);
  const struct {
    ggml_type type;
    double tolerance;
  } cases[] = {{GGML_TYPE_F32, 3e-6}, {GGML_TYPE_F16, 3e-3}, {GGML_TYPE_Q8_0, 3e-2}};
  for (const auto& one : cases) {
    KvPages pages(1, KvRowBytes(one.type, kHeads, kDim), 20);
    ASSERT_TRUE(pages.Reserve(kFrames));
    AttentionSpec spec = {.heads = kHeads, .dim = kDim, .kv_type = one.type, .chunk = kChunk};
    const int64_t width = 3 * kHeads * kDim;
    spec.kept = {pages.Rows(0, 0, kDone)};
    RunAttention({qkv.begin(), qkv.begin() + kDone * width}, kDone, spec);
    spec.past = {pages.Rows(0, 0, kDone)};
    spec.kept = {pages.Rows(0, kDone, kFrames)};
    const auto found =
        RunAttention({qkv.begin() + kDone * width, qkv.end()}, kFrames - kDone, spec);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], one.tolerance);
  }
}

TEST(Executor, StopsBetweenNodes) {
  Graph graph;
  const auto data = Random(16, 1);
  Tensor x = graph.Input(data, 16);
  for (int i = 0; i < 100; ++i) x = ggml_scale(graph.ctx(), x, 1.001f);
  std::vector<float> out;
  graph.Output(x, &out);
  Executor executor(1);
  int asked = 0;
  executor.set_cancelled([&] { return ++asked == 10; });
  const Status status = executor.Run(graph);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kCancelled);
  EXPECT_EQ(asked, 10);
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace parley::cosyvoice2::nn
