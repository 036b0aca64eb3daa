#include "cosyvoice2/hift/hift.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "cosyvoice2/hift/stft16.h"
#include "cosyvoice2/nn/ops.h"

namespace parley::cosyvoice2 {
namespace {

using nn::Graph;
using nn::Tensor;

// As the official configuration has them; nothing in the weights tells them.
constexpr std::array<int64_t, 3> kUpRates = {8, 5, 3};
constexpr std::array<int64_t, 3> kUpTaps = {16, 11, 7};
constexpr std::array<int64_t, 3> kKernelTaps = {3, 7, 11};
constexpr std::array<int64_t, 3> kSourceTaps = {7, 7, 11};
constexpr std::array<int64_t, 3> kDilationsOf = {1, 3, 5};
constexpr std::array<int64_t, 3> kSourceDownTaps = {30, 6, 1};
constexpr std::array<int64_t, 3> kSourceDownStride = {15, 3, 1};
constexpr int64_t kStepsAFrame = 120;  // 8 · 5 · 3
constexpr float kSlope = 0.1f;
constexpr float kLastSlope = 0.01f;  // torch's own default, which the official code takes here
constexpr float kSampleMax = 0.99f;

// The network sees 16 frames to either side: 3 of conv_pre, 7.5 + 1.5 + 0.5 of the blocks with 11
// taps and dilations to 5, 1 each of the upsamplings and the source's way down, 2 of the rest.
constexpr int64_t kContextFrames = 18;
constexpr int64_t kWindowFrames = 164;  // of which 128 are kept

constexpr int64_t kAny = -1;

int64_t FirstDim(const Weights& weights, const std::string& name, std::vector<int64_t> shape) {
  const auto view = weights.Get(name, shape);
  return view ? view->shape[0] : 0;
}

}  // namespace

Hift::Hift(const Weights& weights) : store_(weights, GGML_TYPE_F32) { Declare(weights); }

Result<std::unique_ptr<Hift>> Hift::Create(const Weights& weights) {
  std::unique_ptr<Hift> hift(new Hift(weights));
  PARLEY_TRY_STATUS(hift->store_.Load());
  return hift;
}

void Hift::Declare(const Weights& weights) {
  const int64_t base = FirstDim(weights, "conv_pre.bias", {kAny});
  const int64_t f0_width = FirstDim(weights, "f0_predictor.condnet.0.bias", {kAny});
  for (size_t i = 0; i < f0_convs_.size(); ++i) {
    f0_convs_[i] = store_.MakeNormedConv(fmt::format("f0_predictor.condnet.{}", 2 * i), f0_width,
                                         i == 0 ? kMelChannels : f0_width, 3);
  }
  f0_classifier_ = store_.MakeLinear("f0_predictor.classifier", 1, f0_width);
  const TensorView& mix = store_.Get("m_source.l_linear.weight", {1, kHarmonics});
  const TensorView& mix_bias = store_.Get("m_source.l_linear.bias", {1});
  if (mix.data != nullptr) std::copy_n(mix.data, kHarmonics, source_mix_.weight.begin());
  if (mix_bias.data != nullptr) source_mix_.bias = mix_bias.data[0];
  conv_pre_ = store_.MakeNormedConv("conv_pre", base, kMelChannels, 7);
  for (int i = 0; i < kStages; ++i) DeclareStage(i, base >> (i + 1));
  conv_post_ = store_.MakeNormedConv("conv_post", kStftChannels, base >> kStages, 7);
}

void Hift::DeclareStage(int i, int64_t channels) {
  Stage& stage = stages_[i];
  stage.channels = channels;
  stage.up = store_.MakeUpsampling(fmt::format("ups.{}", i), 2 * channels, channels, kUpTaps[i],
                                   kUpRates[i], (kUpTaps[i] - kUpRates[i]) / 2);
  stage.source_down = store_.MakeConv(fmt::format("source_downs.{}", i), channels, kStftChannels,
                                      kSourceDownTaps[i]);
  stage.source_block =
      MakeResBlock(fmt::format("source_resblocks.{}", i), channels, kSourceTaps[i]);
  for (int j = 0; j < kKernels; ++j) {
    stage.blocks[j] =
        MakeResBlock(fmt::format("resblocks.{}", i * kKernels + j), channels, kKernelTaps[j]);
  }
}

Hift::ResBlock Hift::MakeResBlock(const std::string& prefix, int64_t channels, int64_t taps) {
  ResBlock block;
  for (int i = 0; i < kDilations; ++i) {
    block.convs1[i] =
        store_.MakeNormedConv(fmt::format("{}.convs1.{}", prefix, i), channels, channels, taps);
    block.convs2[i] =
        store_.MakeNormedConv(fmt::format("{}.convs2.{}", prefix, i), channels, channels, taps);
    block.alphas1[i] = MakeAlpha(fmt::format("{}.activations1.{}.alpha", prefix, i), channels);
    block.alphas2[i] = MakeAlpha(fmt::format("{}.activations2.{}.alpha", prefix, i), channels);
  }
  return block;
}

Tensor Hift::MakeAlpha(const std::string& name, int64_t channels) {
  const TensorView& alpha = store_.Get(name, {channels});
  return store_.Add(GGML_TYPE_F32, channels, 2, [=, &alpha](std::span<float> to) {
    for (int64_t i = 0; i < channels; ++i) {
      to[i] = alpha.data[i];
      to[channels + i] = 1.0f / (alpha.data[i] + 1e-9f);
    }
  });
}

Result<std::vector<float>> Hift::PredictF0(nn::Executor& executor,
                                           std::span<const float> mel) const {
  Graph graph;
  Tensor x = graph.Input(mel, kMelChannels, static_cast<int64_t>(mel.size()) / kMelChannels);
  for (const nn::Conv& conv : f0_convs_) x = nn::Elu(graph, nn::ConvolveSame(graph, conv, x));
  std::vector<float> f0;
  graph.Output(ggml_abs(graph.ctx(), nn::Apply(graph, f0_classifier_, x)), &f0);
  PARLEY_TRY_STATUS(executor.Run(graph));
  return f0;
}

Tensor Hift::RunResBlock(Graph& graph, const ResBlock& block, Tensor x) const {
  for (int i = 0; i < kDilations; ++i) {
    Tensor y = nn::Snake(graph, x, block.alphas1[i]);
    y = nn::ConvolveSame(graph, block.convs1[i], y, kDilationsOf[i]);
    y = nn::Snake(graph, y, block.alphas2[i]);
    x = nn::ConvolveSame(graph, block.convs2[i], y, 1, x);
  }
  return x;
}

Tensor Hift::RunStage(Graph& graph, int i, Tensor x, Tensor stft) const {
  const Stage& stage = stages_[i];
  x = nn::ConvolveSame(graph, stage.up, nn::LeakyRelu(graph, x, kSlope));
  x = ggml_reshape_2d(graph.ctx(), x, stage.channels, x->ne[1] * kUpRates[i]);
  graph.Tap(fmt::format("up{}", i), x);
  if (i == kStages - 1) {  // reflection by one frame, so that there are as many as STFT frames
    x = ggml_concat(graph.ctx(), nn::Frames(graph, x, 1, 1), x, 1);
  }
  const int64_t pad = kSourceDownTaps[i] == 1 ? 0 : kSourceDownStride[i] / 2;
  Tensor source = nn::Convolve(graph, stage.source_down, stft,
                               {.stride = kSourceDownStride[i], .left = pad, .right = pad});
  graph.Tap(fmt::format("sdown{}", i), source);
  source = RunResBlock(graph, stage.source_block, source);
  graph.Tap(fmt::format("sres{}", i), source);
  x = ggml_add(graph.ctx(), x, source);
  graph.Tap(fmt::format("fused{}", i), x);
  Tensor sum = nullptr;
  for (const ResBlock& block : stage.blocks) {
    Tensor y = RunResBlock(graph, block, x);
    sum = sum == nullptr ? y : ggml_add(graph.ctx(), sum, y);
  }
  x = ggml_scale(graph.ctx(), sum, 1.0f / kKernels);
  graph.Tap(fmt::format("stage{}", i), x);
  return x;
}

Status Hift::DecodeWindow(nn::Executor& executor, std::span<const float> mel,
                          std::span<const float> stft, nn::Taps* taps,
                          std::vector<float>& spectra) const {
  Graph graph(taps);
  const int64_t frames = static_cast<int64_t>(mel.size()) / kMelChannels;
  Tensor x = graph.Input(mel, kMelChannels, frames);
  Tensor source = graph.Input(stft, kStftChannels, frames * kStepsAFrame + 1);
  x = nn::ConvolveSame(graph, conv_pre_, x);
  graph.Tap("conv_pre", x);
  for (int i = 0; i < kStages; ++i) x = RunStage(graph, i, x, source);
  x = nn::ConvolveSame(graph, conv_post_, nn::LeakyRelu(graph, x, kLastSlope));
  graph.Output(x, &spectra);
  return executor.Run(graph);
}

Result<std::vector<float>> Hift::Decode(nn::Executor& executor, std::span<const float> mel,
                                        std::span<const float> source, nn::Taps* taps) const {
  const int64_t frames = static_cast<int64_t>(mel.size()) / kMelChannels;
  PARLEY_CHECK(static_cast<int64_t>(source.size()) == frames * kFrameSamples && frames > 0);
  const std::vector<float> stft = Stft16(source);
  std::vector<float> spectra;
  std::vector<float> window;
  for (int64_t done = 0; done < frames;) {
    const int64_t begin = std::max<int64_t>(0, done - kContextFrames);
    const int64_t end = std::min(frames, begin + kWindowFrames);
    const int64_t kept_end = end == frames ? frames : end - kContextFrames;
    PARLEY_TRY_STATUS(
        DecodeWindow(executor, mel.subspan(begin * kMelChannels, (end - begin) * kMelChannels),
                     std::span(stft).subspan(begin * kStepsAFrame * kStftChannels,
                                             ((end - begin) * kStepsAFrame + 1) * kStftChannels),
                     taps, window));
    // The frame that windows share belongs to the later one; the last window keeps its own.
    const int64_t first = (done - begin) * kStepsAFrame * kStftChannels;
    const int64_t last =
        ((kept_end - begin) * kStepsAFrame + (end == frames ? 1 : 0)) * kStftChannels;
    spectra.insert(spectra.end(), window.begin() + first, window.begin() + last);
    done = kept_end;
  }
  if (taps != nullptr) {
    (*taps)["stft"] = stft;
    (*taps)["conv_post"] = spectra;
  }
  std::vector<float> wave = Istft16(spectra);
  for (float& sample : wave) sample = std::clamp(sample, -kSampleMax, kSampleMax);
  return wave;
}

}  // namespace parley::cosyvoice2
