// The language model that turns text into speech tokens: Qwen2 (RMS norms, rotary positions,
// grouped queries, SwiGLU) over embeddings of text and speech, with a head of its own for speech
// tokens. The model does not change once loaded; any number of threads may use it, each with its
// own state and executor.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/nn/executor.h"
#include "cosyvoice2/nn/ops.h"
#include "cosyvoice2/nn/weight_store.h"

namespace parley::cosyvoice2 {

// One place of the sequence.
struct Symbol {
  enum class Kind { kSos, kTaskId, kText, kSpeech };
  Kind kind = Kind::kSos;
  int id = 0;  // of kText and kSpeech

  bool operator==(const Symbol&) const = default;
};

struct LmConfig {
  int64_t heads = 14;  // of the queries; nothing in the weights tells
  float rope_theta = 1e6f;
  float rms_eps = 1e-6f;
  ggml_type matrix_type = GGML_TYPE_F32;  // F32, F16, Q8_0, Q4_0
  ggml_type cache_type = GGML_TYPE_F32;   // F32 or F16, of keys and values
  const WeightCache* kept = nullptr;      // of the converted weights; while it is created
};

// What a sequence has been read into: keys and values of each layer. Belongs to one sequence.
class LmState {
 public:
  int64_t length() const { return length_; }
  size_t bytes() const {
    return buffer_ == nullptr ? 0 : ggml_backend_buffer_get_size(buffer_.get());
  }
  // For golden tests: [kv_heads][length][head_dim] of a layer, keys or values.
  std::vector<float> Keys(int layer) const { return Read(keys_[layer]); }
  std::vector<float> Values(int layer) const { return Read(values_[layer]); }

 private:
  friend class Lm;
  std::vector<float> Read(nn::Tensor tensor) const;

  int64_t head_dim_ = 0;
  int64_t length_ = 0;
  int64_t capacity_ = 0;
  nn::ContextPtr context_;
  nn::BufferPtr buffer_;
  std::vector<nn::Tensor> keys_;  // [kv_heads · head_dim, capacity]
  std::vector<nn::Tensor> values_;
};

class Lm {
 public:
  static Result<std::unique_ptr<Lm>> Create(const Weights& weights, const LmConfig& config);

  // Reads `symbols` on from where `state` is and says how likely each speech token is next: one
  // logit for each row of the head. kInvalidArgument names a symbol that has no embedding. After an
  // error, also kCancelled, the state is as before.
  Result<std::vector<float>> Forward(nn::Executor& executor, LmState& state,
                                     std::span<const Symbol> symbols,
                                     nn::Taps* taps = nullptr) const;

  // One symbol of each of several sequences in one pass, since most of a step is reading the
  // weights; the logits of each. With `batches_exactly()` they are to the bit those of Forward.
  // After an error, also kCancelled, all states are as before.
  struct Step {
    LmState* state;
    Symbol symbol;
  };
  Result<std::vector<std::vector<float>>> ForwardEach(nn::Executor& executor,
                                                      std::span<const Step> steps) const;
  // False: how many sequences are read at once may change the last bits.
  bool batches_exactly() const;

  // The same rows that Forward reads, [symbols][hidden].
  Result<std::vector<float>> Embed(std::span<const Symbol> symbols) const;

  // Room for so many symbols at least, so that Forward need not move what it has.
  Status Reserve(LmState& state, int64_t symbols) const;

  int64_t text_vocabulary() const { return text_embedding_->ne[1]; }
  // Speech tokens are 0 … speech_tokens − 1; then end of speech, an unused stop, and fill.
  int speech_tokens() const { return static_cast<int>(head_.out) - 3; }
  int eos() const { return speech_tokens(); }
  int unused_stop() const { return speech_tokens() + 1; }
  int fill() const { return speech_tokens() + 2; }
  size_t weight_bytes() const { return store_.bytes(); }

 private:
  struct Layer {
    nn::Tensor input_norm;
    nn::Conv qkv;  // queries, keys and values, one after the other
    nn::Conv output;
    nn::Tensor post_norm;
    nn::Conv gate_up;  // both halves of SwiGLU
    nn::Conv down;
  };

  Lm(const Weights& weights, const LmConfig& config);
  void Declare(const Weights& weights);
  void DeclareLayer(int index);
  nn::Tensor RmsNorm(nn::Graph& graph, nn::Tensor weight, nn::Tensor x) const;
  struct Pass;
  nn::Tensor RunLayer(const Pass& pass, int index, nn::Tensor x) const;
  struct Part;
  nn::Tensor Attend(const Pass& pass, int index, nn::Tensor qkv) const;
  nn::Tensor AttendPart(const Pass& pass, const Part& part, int index, nn::Tensor q, nn::Tensor k,
                        nn::Tensor v) const;

  const LmConfig config_;
  nn::WeightStore store_;
  int64_t hidden_ = 0;
  int64_t heads_ = 0;
  int64_t head_dim_ = 0;
  int64_t kv_heads_ = 0;
  int64_t ffn_ = 0;
  std::vector<Layer> layers_;
  nn::Tensor text_embedding_ = nullptr;
  nn::Tensor speech_embedding_ = nullptr;
  nn::Tensor marks_embedding_ = nullptr;  // sos, task id
  nn::Tensor final_norm_ = nullptr;
  nn::Conv head_;
};

}  // namespace parley::cosyvoice2
