// The vocoder: mel frames to sound (HiFT-GAN with a harmonic source and an inverse STFT; the
// official HiFTGenerator). Mel is [frames][80], natural logarithm, 50 frames a second; sound is
// mono at 24 kHz. The object does not change; any number of threads may use it, each with its own
// executor.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/hift/source.h"
#include "cosyvoice2/nn/executor.h"
#include "cosyvoice2/nn/weight_store.h"

namespace parley::cosyvoice2 {

inline constexpr int64_t kMelChannels = 80;

class Hift {
 public:
  // Widths are read off the weights; float32 throughout, since pitch does not bear less. Errors of
  // the weights: a tensor that is missing or of another shape.
  static Result<std::unique_ptr<Hift>> Create(const Weights& weights);

  // Pitch in Hz, one a frame.
  Result<std::vector<float>> PredictF0(nn::Executor& executor, std::span<const float> mel) const;

  // 480 samples a frame, within ±0.99. `source` is as long as the sound. Long mels are worked off
  // in windows with all the context that the network sees, which changes nothing in the result.
  // `taps` takes the stages of a mel of one window, [frames][channels].
  Result<std::vector<float>> Decode(nn::Executor& executor, std::span<const float> mel,
                                    std::span<const float> source, nn::Taps* taps = nullptr) const;

  const SourceMix& source_mix() const { return source_mix_; }
  size_t weight_bytes() const { return store_.bytes(); }

 private:
  static constexpr int kStages = 3;
  static constexpr int kKernels = 3;
  static constexpr int kDilations = 3;

  struct ResBlock {
    std::array<nn::Conv, kDilations> convs1;
    std::array<nn::Conv, kDilations> convs2;
    std::array<nn::Tensor, kDilations> alphas1;
    std::array<nn::Tensor, kDilations> alphas2;
  };
  struct Stage {
    nn::Conv up;  // gives stride · channels
    int64_t channels;
    nn::Conv source_down;
    ResBlock source_block;
    std::array<ResBlock, kKernels> blocks;
  };

  explicit Hift(const Weights& weights);
  void Declare(const Weights& weights);
  nn::Tensor MakeAlpha(const std::string& name, int64_t channels);
  ResBlock MakeResBlock(const std::string& prefix, int64_t channels, int64_t taps);
  void DeclareStage(int index, int64_t channels);
  nn::Tensor RunResBlock(nn::Graph& graph, const ResBlock& block, nn::Tensor x) const;
  nn::Tensor RunStage(nn::Graph& graph, int index, nn::Tensor x, nn::Tensor stft) const;
  // Magnitudes and phases for Istft16 of one window.
  Status DecodeWindow(nn::Executor& executor, std::span<const float> mel,
                      std::span<const float> stft, nn::Taps* taps,
                      std::vector<float>& spectra) const;

  nn::WeightStore store_;
  std::array<nn::Conv, 5> f0_convs_;
  nn::Linear f0_classifier_;
  nn::Conv conv_pre_;
  std::array<Stage, kStages> stages_;
  nn::Conv conv_post_;
  SourceMix source_mix_;
};

}  // namespace parley::cosyvoice2
