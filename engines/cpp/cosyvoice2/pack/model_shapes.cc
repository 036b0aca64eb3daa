#include "cosyvoice2/pack/model_shapes.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "cosyvoice2/pack/manifest_builder.h"

namespace parley::cosyvoice2 {
namespace {

// What no configuration of the official code changes.
constexpr int64_t kEncoderWidth = 512;
constexpr int64_t kEncoderHeads = 8;
constexpr int64_t kEncoderUpLayers = 4;
constexpr int64_t kMelBands = 80;
constexpr int64_t kSpeaker = 192;
constexpr int64_t kEstimatorInput = 4 * kMelBands;
constexpr int64_t kHarmonics = 9;
constexpr int64_t kSpectrum = 18;  // 9 bins, real and imaginary

// Attention that is neither flat nor all on one place.
constexpr double kLlmAttentionGain = 2;
constexpr double kFlowAttentionGain = 1.5;
constexpr double kEstimatorGain = 0.5;

void AddLlmLayer(ManifestBuilder& builder, const LlmShape& shape, int64_t layer) {
  const std::string prefix = fmt::format("llm.model.model.layers.{}.", layer);
  const int64_t queries = shape.heads * shape.head_dim;
  const int64_t keys = shape.kv_heads * shape.head_dim;
  builder.Linear(prefix + "self_attn.q_proj", {queries, shape.hidden}, kLlmAttentionGain);
  builder.Linear(prefix + "self_attn.k_proj", {keys, shape.hidden}, kLlmAttentionGain);
  builder.Linear(prefix + "self_attn.v_proj", {keys, shape.hidden});
  builder.Matrix(prefix + "self_attn.o_proj.weight", {shape.hidden, queries});
  builder.Matrix(prefix + "mlp.gate_proj.weight", {shape.intermediate, shape.hidden});
  builder.Matrix(prefix + "mlp.up_proj.weight", {shape.intermediate, shape.hidden});
  builder.Matrix(prefix + "mlp.down_proj.weight", {shape.hidden, shape.intermediate});
  builder.NormWeight(prefix + "input_layernorm.weight", shape.hidden);
  builder.NormWeight(prefix + "post_attention_layernorm.weight", shape.hidden);
}

void AddEncoderLayer(ManifestBuilder& builder, const FlowShape& shape, const std::string& prefix) {
  const std::vector<int64_t> square = {kEncoderWidth, kEncoderWidth};
  for (const char* bias : {"self_attn.pos_bias_u", "self_attn.pos_bias_v"}) {
    builder.Uniform(prefix + bias, {kEncoderHeads, kEncoderWidth / kEncoderHeads}, "pos_bias", 0.5);
  }
  builder.Linear(prefix + "self_attn.linear_q", square, kFlowAttentionGain);
  builder.Linear(prefix + "self_attn.linear_k", square, kFlowAttentionGain);
  builder.Linear(prefix + "self_attn.linear_v", square);
  builder.Linear(prefix + "self_attn.linear_out", square);
  builder.Matrix(prefix + "self_attn.linear_pos.weight", square);
  builder.Linear(prefix + "feed_forward.w_1", {shape.encoder_linear, kEncoderWidth});
  builder.Linear(prefix + "feed_forward.w_2", {kEncoderWidth, shape.encoder_linear});
  builder.Norm(prefix + "norm_ff", kEncoderWidth);
  builder.Norm(prefix + "norm_mha", kEncoderWidth);
}

void AddEncoder(ManifestBuilder& builder, const FlowShape& shape) {
  const std::vector<int64_t> square = {kEncoderWidth, kEncoderWidth};
  builder.Linear("encoder.embed.out.0", square);
  builder.Norm("encoder.embed.out.1", kEncoderWidth);
  builder.Norm("encoder.after_norm", kEncoderWidth);
  builder.Linear("encoder.pre_lookahead_layer.conv1", {kEncoderWidth, kEncoderWidth, 4});
  builder.Linear("encoder.pre_lookahead_layer.conv2", {kEncoderWidth, kEncoderWidth, 3});
  for (int64_t i = 0; i < shape.encoder_layers; ++i) {
    AddEncoderLayer(builder, shape, fmt::format("encoder.encoders.{}.", i));
  }
  builder.Linear("encoder.up_layer.conv", {kEncoderWidth, kEncoderWidth, 5});
  builder.Linear("encoder.up_embed.out.0", square);
  builder.Norm("encoder.up_embed.out.1", kEncoderWidth);
  for (int64_t i = 0; i < kEncoderUpLayers; ++i) {
    AddEncoderLayer(builder, shape, fmt::format("encoder.up_encoders.{}.", i));
  }
}

void AddTransformerBlock(ManifestBuilder& builder, const FlowShape& shape,
                         const std::string& prefix) {
  const int64_t channels = shape.estimator_channels;
  const int64_t inner = shape.estimator_heads * shape.estimator_head_dim;
  builder.Norm(prefix + "norm1", channels);
  for (const char* name : {"attn1.to_q.weight", "attn1.to_k.weight"}) {
    builder.Matrix(prefix + name, {inner, channels}, kFlowAttentionGain);
  }
  builder.Matrix(prefix + "attn1.to_v.weight", {inner, channels}, kEstimatorGain);
  builder.Linear(prefix + "attn1.to_out.0", {channels, inner}, kEstimatorGain);
  builder.Norm(prefix + "norm3", channels);
  builder.Linear(prefix + "ff.net.0.proj", {4 * channels, channels}, kEstimatorGain);
  builder.Linear(prefix + "ff.net.2", {channels, 4 * channels}, kEstimatorGain);
}

// A residual block of convolutions, then transformer blocks.
void AddStage(ManifestBuilder& builder, const FlowShape& shape, const std::string& prefix,
              int64_t input) {
  const int64_t channels = shape.estimator_channels;
  builder.Linear(prefix + "0.mlp.1", {channels, 4 * channels}, kEstimatorGain);
  builder.Linear(prefix + "0.block1.block.0", {channels, input, 3}, kEstimatorGain);
  builder.Norm(prefix + "0.block1.block.2", channels);
  builder.Linear(prefix + "0.block2.block.0", {channels, channels, 3}, kEstimatorGain);
  builder.Norm(prefix + "0.block2.block.2", channels);
  builder.Linear(prefix + "0.res_conv", {channels, input, 1}, kEstimatorGain);
  for (int64_t i = 0; i < shape.estimator_blocks; ++i) {
    AddTransformerBlock(builder, shape, fmt::format("{}1.{}.", prefix, i));
  }
}

void AddEstimator(ManifestBuilder& builder, const FlowShape& shape) {
  const std::string prefix = "decoder.estimator.";
  const int64_t channels = shape.estimator_channels;
  const int64_t time = 4 * channels;
  const std::vector<int64_t> causal = {channels, channels, 3};
  builder.Linear(prefix + "time_mlp.linear_1", {time, kEstimatorInput}, kEstimatorGain);
  builder.Linear(prefix + "time_mlp.linear_2", {time, time}, kEstimatorGain);
  AddStage(builder, shape, prefix + "down_blocks.0.", kEstimatorInput);
  builder.Linear(prefix + "down_blocks.0.2", causal, kEstimatorGain);
  for (int64_t i = 0; i < shape.estimator_mid_stages; ++i) {
    AddStage(builder, shape, fmt::format("{}mid_blocks.{}.", prefix, i), channels);
  }
  AddStage(builder, shape, prefix + "up_blocks.0.", 2 * channels);
  builder.Linear(prefix + "up_blocks.0.2", causal, kEstimatorGain);
  builder.Linear(prefix + "final_block.block.0", causal, kEstimatorGain);
  builder.Norm(prefix + "final_block.block.2", channels);
  builder.Linear(prefix + "final_proj", {kMelBands, channels, 1});
}

ManifestBuilder::Normed Conv(int64_t out, int64_t in, int64_t taps, double scale = 1) {
  return {{out, in, taps}, out, static_cast<double>(in * taps), scale};
}

void AddResidualBlock(ManifestBuilder& builder, const std::string& prefix, int64_t channels,
                      int64_t taps) {
  constexpr double kResidualScale = 0.35;
  for (int i = 0; i < 3; ++i) {
    builder.NormedConv(fmt::format("{}.convs1.{}", prefix, i), Conv(channels, channels, taps));
  }
  for (int i = 0; i < 3; ++i) {
    builder.NormedConv(fmt::format("{}.convs2.{}", prefix, i),
                       Conv(channels, channels, taps, kResidualScale));
  }
  for (int group = 1; group <= 2; ++group) {
    for (int i = 0; i < 3; ++i) {
      builder.Uniform(fmt::format("{}.activations{}.{}.alpha", prefix, group, i), {channels},
                      "alpha", 0.75, 1.25);
    }
  }
}

void AddF0Predictor(ManifestBuilder& builder, const HiftShape& shape) {
  constexpr double kClassifierGain = 30;
  constexpr double kVoicedHz = 150;
  for (int i = 0; i < 5; ++i) {
    const int64_t in = i == 0 ? kMelBands : shape.f0_channels;
    builder.NormedConv(fmt::format("f0_predictor.condnet.{}", 2 * i),
                       Conv(shape.f0_channels, in, 3));
  }
  builder.Matrix("f0_predictor.classifier.weight", {1, shape.f0_channels}, kClassifierGain);
  builder.Bias("f0_predictor.classifier.bias", 1, kVoicedHz);
}

}  // namespace

ModelShape RealShape() { return {}; }

ModelShape TinyShape() {
  constexpr int64_t kSpeechTokens = 97;
  ModelShape shape;
  shape.llm = {64, 2, 4, 2, 16, 128, shape.llm.text_vocabulary, kSpeechTokens};
  shape.flow = {64, 1, 64, 4, 16, 2, 2, kSpeechTokens};
  shape.hift = {64, 32};
  return shape;
}

Manifest LlmManifest(const LlmShape& shape) {
  constexpr char kEmbedding[] = "llm.model.model.embed_tokens.weight";
  const int64_t speech = shape.speech_tokens + 3;
  ManifestBuilder builder("llm");
  builder.Uniform("llm_embedding.weight", {2, shape.hidden}, "embedding", 1);
  builder.Uniform(kEmbedding, {shape.text_vocabulary, shape.hidden}, "embedding", 1);
  for (int64_t layer = 0; layer < shape.layers; ++layer) AddLlmLayer(builder, shape, layer);
  builder.NormWeight("llm.model.model.norm.weight", shape.hidden);
  builder.Tied("llm.model.lm_head.weight", kEmbedding);
  builder.Linear("llm_decoder", {speech, shape.hidden}, kLlmAttentionGain);
  builder.Uniform("speech_embedding.weight", {speech, shape.hidden}, "embedding", 1);
  const nlohmann::json config = {{"hidden", shape.hidden},
                                 {"layers", shape.layers},
                                 {"heads", shape.heads},
                                 {"kv_heads", shape.kv_heads},
                                 {"head_dim", shape.head_dim},
                                 {"intermediate", shape.intermediate},
                                 {"text_vocab", shape.text_vocabulary},
                                 {"speech_token_size", shape.speech_tokens}};
  return builder.Take(config.dump());
}

Manifest FlowManifest(const FlowShape& shape) {
  constexpr double kSpeakerGain = 8;
  ManifestBuilder builder("flow");
  builder.Uniform("input_embedding.weight", {shape.speech_tokens, kEncoderWidth}, "embedding", 1);
  builder.Linear("spk_embed_affine_layer", {kMelBands, kSpeaker}, kSpeakerGain);
  AddEncoder(builder, shape);
  builder.Linear("encoder_proj", {kMelBands, kEncoderWidth});
  AddEstimator(builder, shape);
  const nlohmann::json config = {{"linear_units", shape.encoder_linear},
                                 {"num_blocks", shape.encoder_layers},
                                 {"channels", shape.estimator_channels},
                                 {"attention_head_dim", shape.estimator_head_dim},
                                 {"num_heads", shape.estimator_heads},
                                 {"n_blocks", shape.estimator_blocks},
                                 {"num_mid_blocks", shape.estimator_mid_stages},
                                 {"vocab_size", shape.speech_tokens}};
  return builder.Take(config.dump());
}

Manifest HiftManifest(const HiftShape& shape) {
  constexpr double kSourceGain = 4;
  constexpr double kOutputScale = 0.3;
  constexpr int64_t kUpTaps[] = {16, 11, 7};
  constexpr int64_t kUpRates[] = {8, 5, 3};
  constexpr int64_t kDownTaps[] = {30, 6, 1};
  constexpr int64_t kBlockTaps[] = {3, 7, 11};
  constexpr int64_t kSourceBlockTaps[] = {7, 7, 11};
  const auto channels = [&](int stage) { return shape.base_channels >> (stage + 1); };
  ManifestBuilder builder("hift");
  builder.Linear("m_source.l_linear", {1, kHarmonics}, kSourceGain);
  builder.NormedConv("conv_pre", Conv(shape.base_channels, kMelBands, 7));
  for (int i = 0; i < 3; ++i) {
    // Transposed: [in, out, taps], and each output meets taps / rate of them.
    const int64_t in = shape.base_channels >> i;
    const double fan_in = static_cast<double>(in * kUpTaps[i]) / static_cast<double>(kUpRates[i]);
    builder.NormedConv(fmt::format("ups.{}", i),
                       {{in, channels(i), kUpTaps[i]}, channels(i), fan_in, 1});
  }
  for (int i = 0; i < 3; ++i) {
    builder.Linear(fmt::format("source_downs.{}", i), {channels(i), kSpectrum, kDownTaps[i]});
  }
  for (int i = 0; i < 3; ++i) {
    AddResidualBlock(builder, fmt::format("source_resblocks.{}", i), channels(i),
                     kSourceBlockTaps[i]);
  }
  for (int i = 0; i < 9; ++i) {
    AddResidualBlock(builder, fmt::format("resblocks.{}", i), channels(i / 3), kBlockTaps[i % 3]);
  }
  builder.NormedConv("conv_post", Conv(kSpectrum, channels(2), 7, kOutputScale));
  AddF0Predictor(builder, shape);
  const nlohmann::json config = {{"base_channels", shape.base_channels},
                                 {"f0_cond_channels", shape.f0_channels}};
  return builder.Take(config.dump());
}

}  // namespace parley::cosyvoice2
