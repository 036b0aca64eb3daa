// Speech tokens to mel frames: the encoder, then ten steps from noise along a field that the
// estimator gives, with and without conditions (optimal-transport flow matching; Lipman et al.,
// 2023; classifier-free guidance; Ho and Salimans, 2022; the official CausalMaskedDiffWithXvec and
// CausalConditionalCFM). A stream is read on from its state: what chunks of 25 tokens gave never
// changes by what comes after, so a call costs its own frames alone. The object does not change;
// any number of threads may use it, each with its own states and executor.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/flow/encoder.h"
#include "cosyvoice2/flow/estimator.h"
#include "cosyvoice2/flow/kv_pages.h"
#include "cosyvoice2/nn/executor.h"

namespace parley::cosyvoice2 {

struct FlowConfig {
  int64_t head_dim = 64;  // of the estimator
  float guidance = 0.7f;
  ggml_type matrix_type = GGML_TYPE_F32;  // F32, F16, Q8_0, Q4_0
  ggml_type cache_type = GGML_TYPE_F32;   // F32, F16, Q8_0: of the estimator's keys and values
  // Frames that new frames look back at, at most; 0: all. A deviation from the model, which has
  // always seen all; in whole chunks.
  int64_t window_frames = 0;
  const WeightCache* kept = nullptr;  // of the converted weights; while it is created
};

inline constexpr int kFlowSteps = 10;

// The voice that mel frames are made in.
struct FlowPrompt {
  std::vector<int> tokens;       // of the prompt's sound
  std::vector<float> mel;        // its frames, [2 · tokens][80]
  std::vector<float> embedding;  // [192], as the speaker network gives it
};

class Flow;

// What a stream has left behind. A copy goes on by itself, and shares what both have of the past.
class FlowState {
 public:
  // Mel frames that have been made, prompt included.
  int64_t frames() const { return pages_.frames(); }
  size_t bytes() const {
    return pages_.bytes() + encoder_.token_pages.bytes() + encoder_.mel_pages.bytes();
  }

 private:
  friend class Flow;
  EncoderState encoder_;
  KvPages pages_;
  std::array<std::vector<float>, kFlowSteps> tails_;
};

class Flow {
 public:
  static Result<std::unique_ptr<Flow>> Create(const Weights& weights, const FlowConfig& config);

  // The whole sequence at once, without a state: mel of all tokens after the prompt's, or of those
  // from `first_token` on, [frames][80]. Unless `final`, the last 3 tokens are only looked at.
  struct Whole {
    std::span<const int> tokens;
    int64_t first_token = 0;
    bool chunked = false;
    bool final = true;
  };
  struct Inside {  // for golden tests
    std::vector<float> mu;
    std::vector<float> speaker;
    std::vector<std::vector<float>> steps;  // x after each, [frames][80], prompt included
  };
  Result<std::vector<float>> Run(nn::Executor& executor, const FlowPrompt& prompt,
                                 const Whole& whole, Inside* inside = nullptr) const;

  FlowState NewState() const;

  // The next tokens of a stream, of which the prompt's come first, followed by the 3 that are
  // looked at unless `final`: mel of the tokens, prompt's frames included, [frames][80]. All calls
  // but the last must take whole chunks of 25. After an error, kCancelled too, the state is as
  // before. Chunks of one call see each other as if they came in several.
  Result<std::vector<float>> Continue(nn::Executor& executor, FlowState& state,
                                      const FlowPrompt& prompt, std::span<const int> tokens,
                                      bool final) const;

  const Estimator& estimator() const { return *estimator_; }
  const Encoder& encoder() const { return *encoder_; }
  std::span<const float> noise() const { return noise_; }
  size_t weight_bytes() const { return store_.bytes(); }
  // Memory that a second of a stream takes.
  size_t cache_bytes_a_second() const;

 private:
  Flow(const Weights& weights, const FlowConfig& config);
  Status Prepare();
  Result<std::vector<float>> Speaker(std::span<const float> embedding) const;
  struct Solve;
  Result<std::vector<float>> RunSteps(nn::Executor& executor, Solve& solve) const;

  const FlowConfig config_;
  nn::WeightStore store_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Estimator> estimator_;
  nn::Tensor speaker_weight_;
  nn::Tensor speaker_bias_;
  std::vector<float> noise_;
  std::array<float, kFlowSteps> step_sizes_;
  std::array<Estimator::TimeVectors, kFlowSteps> times_;
};

// The times of the ten steps and how far each goes: 1 − cos(π s / 2) of even s, summed in float as
// the official solver does.
struct FlowTimes {
  std::array<float, kFlowSteps> times;
  std::array<float, kFlowSteps> steps;
};
FlowTimes MakeFlowTimes();

}  // namespace parley::cosyvoice2
