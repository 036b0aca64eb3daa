// The tensors of CosyVoice 2's three checkpoints at any widths, each with a rule that makes it up:
// scales are chosen so that activations keep the size that they have in the trained model, as in
// the golden data. Pure.
#pragma once

#include <cstdint>

#include "cosyvoice2/weights/manifest.h"

namespace parley::cosyvoice2 {

struct LlmShape {
  int64_t hidden = 896;
  int64_t layers = 24;
  int64_t heads = 14;
  int64_t kv_heads = 2;
  int64_t head_dim = 64;
  int64_t intermediate = 4864;
  int64_t text_vocabulary = 151'936;
  int64_t speech_tokens = 6561;  // the head has three more: end, unused stop, fill
};

struct FlowShape {
  int64_t encoder_linear = 2048;
  int64_t encoder_layers = 6;
  int64_t estimator_channels = 256;
  int64_t estimator_heads = 8;
  int64_t estimator_head_dim = 64;
  int64_t estimator_blocks = 4;  // transformer blocks of a stage
  int64_t estimator_mid_stages = 12;
  int64_t speech_tokens = 6561;
};

struct HiftShape {
  int64_t base_channels = 512;
  int64_t f0_channels = 512;
};

struct ModelShape {
  LlmShape llm;
  FlowShape flow;
  HiftShape hift;
};

// The official model's, and one small enough for tests: 97 speech tokens, widths as in the golden
// data. The text vocabulary is the full one in both.
ModelShape RealShape();
ModelShape TinyShape();

Manifest LlmManifest(const LlmShape& shape);
Manifest FlowManifest(const FlowShape& shape);
Manifest HiftManifest(const HiftShape& shape);

}  // namespace parley::cosyvoice2
