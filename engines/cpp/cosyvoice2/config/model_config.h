// What a CosyVoice 2 model folder says of itself in cosyvoice2.yaml and
// CosyVoice-BlankEN/config.json, beside what its tensors' shapes say. Defaults are the official
// model's, for files that leave a field out. Pure, but for LoadModelConfig.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace parley::cosyvoice2 {

struct LlmConfig {
  int64_t speech_tokens = 6561;  // the head has three more: end, unused stop, fill
  int64_t mix_text = 5;          // of streamed text: so many text tokens,
  int64_t mix_speech = 15;       // then so many speech tokens
  double top_p = 0.8;
  int64_t top_k = 25;
  int64_t repeat_window = 10;
  double repeat_share = 0.1;        // tau_r
  double min_token_text_ratio = 2;  // speech tokens for each text token
  double max_token_text_ratio = 20;
  int64_t heads = 14;  // config.json
  int64_t kv_heads = 2;
  double rope_theta = 1e6;
  double rms_eps = 1e-6;
};

struct FlowConfigValues {
  int64_t token_rate_hz = 25;
  int64_t token_mel_ratio = 2;
  int64_t chunk_tokens = 25;
  int64_t lookahead_tokens = 3;
  double guidance = 0.7;  // inference_cfg_rate
  int64_t estimator_heads = 8;
  int64_t estimator_head_dim = 64;
};

struct HiftConfigValues {
  int64_t sample_rate_hz = 24'000;
  int64_t harmonics = 8;
  double sine_amplitude = 0.1;     // nsf_alpha
  double noise_deviation = 0.003;  // nsf_sigma
  double voiced_above_hz = 10;     // nsf_voiced_threshold
  double leaky_slope = 0.1;
  double limit = 0.99;
};

struct ModelConfig {
  LlmConfig llm;
  FlowConfigValues flow;
  HiftConfigValues hift;
};

// kDataLoss: broken, or a field that is no number; kUnimplemented: a model that this engine cannot
// run (other rates, another number of upsamplings…); both say where. `qwen_json` may be empty.
Result<ModelConfig> ReadModelConfig(std::string_view yaml, std::string_view qwen_json);

// From `folder`: cosyvoice2.yaml, or cosyvoice.yaml of older uploads, or neither; and
// CosyVoice-BlankEN/config.json, or not. Messages name the file.
Result<ModelConfig> LoadModelConfig(const std::filesystem::path& folder);

}  // namespace parley::cosyvoice2
