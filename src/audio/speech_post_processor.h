// From an engine's samples to what a worker sends: leading silence cut, loudness brought to the
// target, converted to the rate asked for, limited, and cut into 20 ms frames of PCM16. The last
// thing that touches a voice before the wire.
//
//   native float → SilenceTrimmer → LoudnessNormalizer → Resampler → Limiter → PCM16 → Framer
//
// All delays are compensated: an utterance of n native samples, t of them trimmed, gives exactly
// round((n − t) × out_hz / in_hz) samples and the silence that fills up its last frame, and a mark
// at native sample s lies at round((s − t) × out_hz / in_hz) of them. What the stages hold back
// before Finish: up to 20 ms of trimming window, 1–2.5 ms of resampler, 2 ms of limiter, and the
// frame being filled.
//
// One utterance after another: Process…, Finish, Begin. The loudness gain goes on across
// utterances. One sequence. After Create nothing allocates, locks or throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "audio/framer.h"
#include "audio/limiter.h"
#include "audio/loudness.h"
#include "audio/resampler.h"
#include "audio/silence_trimmer.h"
#include "base/result.h"

namespace parley::audio {

class SpeechPostProcessor {
 public:
  struct Config {
    int in_hz = 22050;   // the engine's rate, 8000…48000
    int out_hz = 48000;  // the rate asked for, 8000…48000
    int frame_ms = 20;   // 10…120
    bool trim = true;
    SilenceTrimmer::Config trimmer;  // its sample_rate_hz is taken from in_hz
    bool normalize = true;
    LoudnessNormalizer::Config loudness;  // its sample_rate_hz is taken from in_hz
    Limiter::Config limiter;              // its sample_rate_hz is taken from out_hz

    Status Validate() const;
  };

  static Result<std::unique_ptr<SpeechPostProcessor>> Create(const Config& config);

  // Calls `emit(const PcmFrame&)` for each frame that is complete; the frame's samples are valid
  // during the call.
  template <class Emit>
  void Process(std::span<const float> native, Emit&& emit) noexcept {
    while (!native.empty()) {
      native = native.subspan(Feed(native));
      while (const auto frame = framer_.Next()) emit(*frame);
    }
  }

  // The utterance is over: emits all that is held. The limiter has held something of any sound, so
  // the last frame is emitted here, marked as such and filled up with silence.
  template <class Emit>
  void Finish(Emit&& emit) noexcept {
    for (bool more = true; more;) {
      more = FeedRest();
      while (const auto frame = framer_.Next()) emit(*frame);
    }
  }

  // Makes ready for the next utterance; pts start at 0 again.
  void Begin() noexcept;

  // Where native sample `native_sample` lies in the delivered utterance, never negative and never
  // past its end. Nothing while that sample has not been processed or it is not known how much
  // silence is trimmed: ask again after more samples, or after Finish.
  std::optional<int64_t> OutputPts(int64_t native_sample) const noexcept;

  // Native samples cut from the beginning of this utterance (final once OutputPts answers).
  int64_t trimmed_samples() const noexcept { return trimmer_.trimmed_samples(); }
  // The loudness gain, to be handed to whoever goes on with this voice (loudness.gain_db).
  float gain_db() const noexcept { return loudness_ ? loudness_->gain_db() : 0.0f; }
  const Config& config() const noexcept { return config_; }

 private:
  SpeechPostProcessor(const Config& config, std::unique_ptr<LoudnessNormalizer> loudness,
                      std::unique_ptr<Resampler> resampler, std::unique_ptr<Limiter> limiter);
  size_t Feed(std::span<const float> native) noexcept;
  bool FeedRest() noexcept;
  void Convert(std::span<float> native) noexcept;
  void Deliver(std::span<float> converted) noexcept;
  size_t DeliveredMax() const noexcept;

  const Config config_;
  SilenceTrimmer trimmer_;
  const std::unique_ptr<LoudnessNormalizer> loudness_;  // null when not asked for
  const std::unique_ptr<Resampler> resampler_;
  const std::unique_ptr<Limiter> limiter_;
  const size_t block_samples_;  // native samples taken at a time
  std::vector<float> native_;
  std::vector<float> converted_;
  std::vector<int16_t> pcm_;
  Framer framer_;
  size_t skip_left_ = 0;  // samples of the limiter's delay still to be left out
  int64_t native_total_ = 0;
  bool finished_ = false;
};

}  // namespace parley::audio
