// Has the caller finished? A score for the last 8 s of sound, asked for when a pause begins and
// again while it lasts. The model is dear (about a quarter of a second of CPU), so that there is
// one pool of one thread in the process, and a session has at most one question waiting: a newer
// one takes its place. Without a model (rule-only mode) nobody is asked: the caller holds no
// EndOfTurnScorer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace parley::perception {

// Judges one stretch of sound. Thread-safe.
class EndOfTurnModel {
 public:
  static constexpr int kSampleRateHz = 16000;
  static constexpr size_t kSamplesMax = 8 * kSampleRateHz;  // older ones are not looked at

  virtual ~EndOfTurnModel() = default;
  // `audio`: 16 kHz mono up to now, in [-1, 1]. The probability, 0…1, that the turn is complete.
  virtual Result<float> Score(std::span<const float> audio) const = 0;
};

// smart-turn v3.2 as an ONNX file: input `input_features` [1, 80, 800]
// (perception/turn_features.h), output `logits` [1, 1], already a probability. Run once at load;
// another shape is refused: kFailedPrecondition. `threads`: 1 costs a quarter of a second a call on
// one core; 2 answer in 150 ms and take both cores from the recognizer meanwhile.
Result<std::unique_ptr<EndOfTurnModel>> LoadSmartTurn(const std::filesystem::path& path,
                                                      int threads = 1);

struct EndOfTurnScore {
  float probability = 0.0f;
  int64_t wait_us = 0;     // in the queue
  int64_t compute_us = 0;  // in the model
};

// Thread-safe.
class EndOfTurnScorer {
 public:
  struct Config {
    // Sessions that may have a question waiting; another is answered kResourceExhausted at once.
    size_t waiting_max = 256;

    Status Validate() const;
  };
  // Called exactly once for each question: on the pool's thread, or on the asking thread for a
  // refusal and for the older question that a newer one replaces (kCancelled). Must return at once
  // (post to the session) and must not call the scorer.
  using Callback = std::function<void(PauseId, Result<EndOfTurnScore>)>;

  // `clock` must outlive the scorer.
  EndOfTurnScorer(std::unique_ptr<const EndOfTurnModel> model, const Clock& clock,
                  const Config& config);
  // Waiting questions are answered kCancelled; the one being computed is waited for.
  ~EndOfTurnScorer();

  void Ask(SessionId session, PauseId pause, std::vector<float> audio, Callback callback);
  // The session is over: its waiting question is answered kCancelled. One being computed may still
  // be answered after this.
  void Forget(SessionId session);

  size_t waiting() const;

 private:
  class Pool;
  const std::unique_ptr<Pool> pool_;
};

}  // namespace parley::perception
