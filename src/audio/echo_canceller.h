// Takes the loudspeaker's sound out of the microphone's (speexdsp: multi-delay block
// frequency-domain filter, then suppression of the residue): for the command line, whose sound card
// has no canceller of its own. Both sides come in step, a block at a time, from the same clock; the
// delay between them must be shorter than `tail_ms`.
//
// One sequence. Process and Reset: noexcept; speexdsp allocates nothing in them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"

struct SpeexEchoState_;
struct SpeexPreprocessState_;

namespace parley::audio {

class EchoCanceller {
 public:
  struct Config {
    int sample_rate_hz = 16000;  // 8000…48000
    int block_ms = 10;           // 5…20: speexdsp advises 10…20
    int tail_ms = 200;           // 50…500: longest echo; more costs time and adapts more slowly
    bool suppress_residue = true;

    Status Validate() const;
  };

  static Result<std::unique_ptr<EchoCanceller>> Create(const Config& config);
  ~EchoCanceller();

  // One block of block_samples() each: what the microphone heard, what the loudspeaker played
  // meanwhile, and the microphone without it (may be the same memory as `heard`).
  void Process(std::span<const int16_t> heard, std::span<const int16_t> played,
               std::span<int16_t> out) noexcept;
  void Reset() noexcept;
  size_t block_samples() const noexcept { return block_samples_; }

 private:
  struct CloseEcho {
    void operator()(SpeexEchoState_* echo) const;
  };
  struct ClosePreprocess {
    void operator()(SpeexPreprocessState_* preprocess) const;
  };

  explicit EchoCanceller(size_t block_samples) : block_samples_(block_samples) {}

  const size_t block_samples_;
  std::unique_ptr<int16_t[]> cancelled_;
  std::unique_ptr<SpeexEchoState_, CloseEcho> echo_;
  std::unique_ptr<SpeexPreprocessState_, ClosePreprocess> preprocess_;  // null when not asked for
};

}  // namespace parley::audio
