// Attention of new frames to all that came before and to themselves, over keys and values that lie
// in pages: float32, float16 or q8_0. In place of ggml's, since pages may be shared by streams, new
// frames are few, and which keys a frame sees follows from its place alone.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cosyvoice2/nn/graph.h"

namespace parley::cosyvoice2::nn {

// Rows of keys, then values: [heads · dim | heads · dim] of `type`.
struct KvRows {
  uint8_t* rows = nullptr;
  int64_t count = 0;
};

struct AttentionSpec {
  int64_t heads = 8;
  int64_t dim = 64;  // a multiple of 16; of 32 for q8_0
  ggml_type kv_type = GGML_TYPE_F32;
  // For each sequence of the batch, the rows before the new frames; then, where they are to be
  // kept, the rows for those. Without `kept` the new frames' own keys are used as they are
  // computed.
  std::vector<std::vector<KvRows>> past;
  std::vector<std::vector<KvRows>> kept;
  // The place of the first row of `past` in its stream, which chunks are counted from.
  int64_t first_place = 0;
  // A frame sees all frames before it, and after it those of its own chunk of so many frames; 0: it
  // sees all there are.
  int64_t chunk = 0;
  // Where keys count by their distance too (Transformer-XL; Dai et al., 2019, §3.3): vectors added
  // to the queries for content and for place, [heads · dim] each, and the places' keys [heads ·
  // dim, keys + frames − 1] for distances keys − 1, …, −(frames − 1), keys being past and new ones.
  Tensor content_bias = nullptr;
  Tensor place_bias = nullptr;
  Tensor place_keys = nullptr;
};

// `qkv` is [3 · heads · dim, frames, batch]: queries, keys, values. Gives [heads · dim, frames,
// batch]; scores are scaled by 1 / sqrt(dim).
Tensor AttendPaged(Graph& graph, Tensor qkv, AttentionSpec spec);

// Bytes of a row of keys and values.
size_t KvRowBytes(ggml_type type, int64_t heads, int64_t dim);

}  // namespace parley::cosyvoice2::nn
