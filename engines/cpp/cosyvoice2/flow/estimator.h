// The flow's decoder network: how mel frames should move, given where they are, at one time of the
// way from noise (a causal U-Net without any change of rate: convolutions that look back alone, and
// transformer blocks; the official CausalConditionalDecoder). Two sequences at once: with
// conditions and without. The object does not change; states and executors are one to a thread.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/flow/kv_pages.h"
#include "cosyvoice2/nn/executor.h"
#include "cosyvoice2/nn/ops.h"
#include "cosyvoice2/nn/weight_store.h"

namespace parley::cosyvoice2 {

class Estimator {
 public:
  static constexpr int64_t kInput = 320;  // x, mu, speaker and condition, 80 channels each
  static constexpr int64_t kOutput = 80;

  // What the network adds to its residual blocks at one time t: [stages][channels].
  using TimeVectors = std::vector<float>;

  // Declares its weights in `store`, which must be loaded before anything else is called.
  // `head_dim` cannot be told from the weights.
  Estimator(const Weights& weights, nn::WeightStore& store, int64_t head_dim);

  Result<TimeVectors> EmbedTime(nn::Executor& executor, float t, nn::Taps* taps = nullptr) const;

  // Where the last frames of each convolution's input are kept between calls, for one step:
  // `tail_size` floats for each sequence of the batch; zeros at the beginning.
  size_t tail_size() const { return tail_size_; }
  // Units of keys and values for each sequence of the batch.
  int64_t blocks() const { return static_cast<int64_t>(stages_.size() * stages_[0].blocks.size()); }
  size_t kv_row_bytes(ggml_type type) const { return nn::KvRowBytes(type, heads_, head_dim_); }
  int64_t head_dim() const { return head_dim_; }

  struct Call {
    std::span<const float> input;  // [batch][frames][320]
    int64_t batch = 2;
    const TimeVectors* time = nullptr;
    int64_t chunk = 0;  // frames; 0: all frames see all
    // Of a stream: keys and values of the frames before, with room for the new ones; unit
    // `first_unit + sequence · blocks() + block`. Null: a whole sequence by itself.
    const KvPages* pages = nullptr;
    ggml_type kv_type = GGML_TYPE_F32;
    int64_t first_unit = 0;
    bool keep = true;              // false: the new frames' keys and values are not written
    std::span<const float> tails;  // [batch · tail_size]; empty: zeros, and no stream
    std::vector<float>* tails_out = nullptr;  // of a stream; null: not wanted
  };
  // [batch][frames][80].
  Result<std::vector<float>> Forward(nn::Executor& executor, const Call& call,
                                     nn::Taps* taps = nullptr) const;

 private:
  struct Block {
    nn::LayerNorm attention_norm;
    nn::Conv qkv;
    nn::Conv out;
    nn::LayerNorm feed_norm;
    nn::Conv feed_in;
    nn::Conv feed_out;
  };
  struct CausalConv {
    nn::Conv conv;
    size_t tail_at = 0;  // in the tails of one sequence
  };
  struct Stage {
    std::string name;
    nn::Conv time;
    CausalConv conv1;
    nn::LayerNorm norm1;
    CausalConv conv2;
    nn::LayerNorm norm2;
    nn::Conv residual;
    std::vector<Block> blocks;
  };
  struct Pass;

  CausalConv MakeCausal(nn::WeightStore& store, const std::string& prefix, int64_t in);
  Stage MakeStage(const Weights& weights, nn::WeightStore& store, const std::string& kind,
                  int64_t index, int64_t in);
  Block MakeBlock(const Weights& weights, nn::WeightStore& store, const std::string& prefix);
  nn::Tensor RunCausal(Pass& pass, const CausalConv& conv, nn::Tensor x) const;
  nn::Tensor RunStage(Pass& pass, int64_t index, nn::Tensor x) const;
  nn::Tensor RunBlock(Pass& pass, const Block& block, int64_t unit, nn::Tensor x) const;
  nn::Tensor RunAll(Pass& pass, nn::Tensor x) const;

  int64_t channels_ = 0;
  int64_t head_dim_ = 0;
  int64_t heads_ = 0;
  nn::Conv time1_;
  nn::Conv time2_;
  std::vector<Stage> stages_;  // down, those in the middle, up
  CausalConv down_conv_;
  CausalConv up_conv_;
  CausalConv final_conv_;
  nn::LayerNorm final_norm_;
  nn::Conv projection_;
  size_t tail_size_ = 0;
};

}  // namespace parley::cosyvoice2
