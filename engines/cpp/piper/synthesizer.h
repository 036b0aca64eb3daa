// A Piper voice in memory: phoneme ids → samples, piece by piece where the voice can be cut
// (onnx_split.h), else a sentence at a time. Noise comes from the caller's generator, so that a
// seed decides every byte; a voice that cannot be cut draws its own and ignores the seed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "onnx/session.h"
#include "piper/chunk_plan.h"
#include "piper/onnx_split.h"

namespace parley::piper {

struct SpeechSettings {
  float noise_scale = 0.667f;
  float length_scale = 1.0f;
  float noise_w = 0.8f;
  std::optional<int64_t> speaker;  // for voices of several speakers
};

// One sentence being spoken. One sequence; lives no longer than its Synthesizer.
class SpokenSentence {
 public:
  virtual ~SpokenSentence() = default;

  // Samples of each id, in the order of the ids; they add up to the whole. Empty where the voice
  // does not tell.
  virtual std::vector<int64_t> SamplesOfIds() const = 0;

  // The next samples, in [−1, 1], valid until the next call; empty at the end. kCancelled.
  virtual Result<std::span<const float>> Next() = 0;
};

// Thread-safe: several sentences may be spoken at once.
class Synthesizer {
 public:
  struct Config {
    int threads = 1;     // of one run: see onnx::Session::Config
    bool whole = false;  // true: never cut
    // See onnx::Session::Config. It fuses operators differently in the whole model and in its
    // parts, so that they agree to 95 dB only; without it they are equal to the bit.
    bool optimize = true;
    // Context used where less than the reach is wanted (faster first audio, not exact). 0: exact.
    int64_t flow_context_max = 0;
    int64_t decoder_context_max = 0;
    ChunkPlanConfig plan;
  };

  // `model` is the bytes of the .onnx file, and may go afterwards. kDataLoss: not a usable voice.
  static Result<std::unique_ptr<Synthesizer>> Create(std::string_view model, const Config& config);
  virtual ~Synthesizer() = default;

  // `ids` as ToIds makes them. Computes what the first chunk needs of the whole sentence. `random`
  // is drawn from until the sentence's end; both pointers must live as long as the sentence.
  virtual Result<std::unique_ptr<SpokenSentence>> Begin(std::span<const int64_t> ids,
                                                        const SpeechSettings& settings,
                                                        SplitMix64* random,
                                                        onnx::CancelToken* cancel) const = 0;

  // Why the voice is not cut; empty if it is.
  virtual std::string_view whole_reason() const = 0;
};

}  // namespace parley::piper
