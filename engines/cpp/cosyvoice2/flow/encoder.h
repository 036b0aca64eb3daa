// The flow's encoder: speech tokens (25 a second) to what the decoder is conditioned on, two mel
// frames of 80 for each token (a conformer without convolution modules, with relative positions, a
// look-ahead of 3 tokens and an upsampling in its middle; the official UpsampleConformerEncoder). A
// stream is read on from where its state is; a state that nothing was read into is a whole sequence
// computed at once. The object does not change; states and executors are one to a thread.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/flow/kv_pages.h"
#include "cosyvoice2/nn/executor.h"
#include "cosyvoice2/nn/ops.h"
#include "cosyvoice2/nn/weight_store.h"

namespace parley::cosyvoice2 {

inline constexpr int64_t kLookahead = 3;     // tokens
inline constexpr int64_t kFramesAToken = 2;  // mel frames
inline constexpr int64_t kChunkTokens = 25;
inline constexpr int64_t kChunkFrames = kChunkTokens * kFramesAToken;

// What a stream has left behind. Copies share keys and values of whole chunks.
struct EncoderState {
  KvPages token_pages;
  KvPages mel_pages;
  std::vector<float> ahead_tail;  // of the second look-ahead convolution, 2 frames
  std::vector<float> up_tail;     // of the upsampling, 4 frames

  int64_t tokens() const { return token_pages.frames(); }
};

class Encoder {
 public:
  static constexpr int64_t kWidth = 512;

  // Declares its weights in `store`, which must be loaded before Forward.
  Encoder(const Weights& weights, nn::WeightStore& store);

  EncoderState NewState() const;

  struct Options {
    // Frames see their own chunk and all before it; else all frames see all.
    bool chunked = true;
    // No more tokens will come: zeros stand for the look-ahead.
    bool final = false;
    bool keep = true;  // false: the state stays as it is, and need not be kept up
  };
  // mu of `tokens`, [2 · tokens][80]. Unless `final`, the last 3 of `tokens` are only looked at,
  // and have no frames of their own. In a stream of several calls all but the last must end on
  // whole chunks, where `chunked`. After an error the state is as before.
  Result<std::vector<float>> Forward(nn::Executor& executor, EncoderState& state,
                                     std::span<const int> tokens, const Options& options,
                                     nn::Taps* taps = nullptr) const;

  int64_t vocabulary() const { return vocabulary_; }

 private:
  static constexpr int64_t kHeads = 8;
  static constexpr int64_t kHeadDim = 64;

  struct Layer {
    nn::LayerNorm attention_norm;
    nn::Conv qkv;
    nn::Conv out;
    nn::Conv place;
    nn::Tensor content_bias;
    nn::Tensor place_bias;
    nn::LayerNorm feed_norm;
    nn::Conv feed_in;
    nn::Conv feed_out;
  };
  struct Embedding {
    nn::Conv linear;
    nn::LayerNorm norm;
  };
  struct Pass;

  Layer MakeLayer(nn::WeightStore& store, const std::string& prefix, int64_t feed_width);
  nn::Tensor Embed(nn::Graph& graph, const Embedding& embedding, nn::Tensor x) const;
  nn::Tensor LookAhead(Pass& pass, nn::Tensor x, int64_t count) const;
  nn::Tensor Upsample(Pass& pass, nn::Tensor x) const;
  nn::Tensor RunLayer(Pass& pass, const Layer& layer, KvPages& pages, int64_t unit, int64_t chunk,
                      nn::Tensor places, nn::Tensor x) const;

  int64_t vocabulary_ = 0;
  nn::Tensor token_table_;
  Embedding embed_;
  nn::Conv ahead1_;
  nn::Conv ahead2_;
  std::vector<Layer> layers_;
  nn::Conv up_;
  Embedding up_embed_;
  std::vector<Layer> up_layers_;
  nn::LayerNorm after_norm_;
  nn::Conv projection_;
};

}  // namespace parley::cosyvoice2
