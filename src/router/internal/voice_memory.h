// What the router remembers of a voice stream: which utterances are open, and since when it waits
// for audio that should come. Pure: time is handed in. One sequence.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "ports/voice.h"

namespace parley::router {

// A wait for content; `first` for the first of an utterance.
struct Wait {
  int64_t since_us = 0;
  bool first = false;
};

class VoiceMemory {
 public:
  explicit VoiceMemory(const ports::Voice::Request& request)
      : frame_(int64_t{request.sample_rate_hz} * request.frame_ms / 1000),
        credit_(request.credit_samples) {}

  // Utterances that have not ended, in order.
  const std::vector<UtteranceId>& open() const { return open_; }

  // Audio is due while there is text, credit for a frame, and no pause.
  std::optional<Wait> Waiting() const {
    if (open_.empty() || credit_ < frame_ || paused_) return std::nullopt;
    return Wait{since_us_, !heard_};
  }

  void OnStart(int64_t now_us) { since_us_ = now_us; }
  void OnSpeak(UtteranceId utterance, int64_t now_us) {
    if (open_.empty()) since_us_ = now_us;
    open_.push_back(utterance);
  }
  void OnPause(bool paused, int64_t now_us) {
    paused_ = paused;
    since_us_ = now_us;
  }
  void OnGrant(int64_t samples, int64_t now_us) {
    if (credit_ < frame_) since_us_ = now_us;
    credit_ += samples;
  }

  bool Passes(const ports::Voice::Event& event, int64_t now_us) {
    using ports::Voice;
    since_us_ = now_us;
    if (const auto* audio = std::get_if<Voice::Audio>(&event)) {
      credit_ -= static_cast<int64_t>(audio->pcm.size());
      heard_ = true;
    } else if (const auto* done = std::get_if<Voice::Done>(&event)) {
      End(done->utterance);
    } else if (const auto* failed = std::get_if<Voice::Failed>(&event)) {
      if (failed->utterance) End(*failed->utterance);
    }
    return true;
  }
  void OnRepeat() { heard_ = false; }

 private:
  void End(UtteranceId utterance) {
    std::erase(open_, utterance);
    heard_ = false;
  }

  const int64_t frame_;
  int64_t credit_;
  std::vector<UtteranceId> open_;
  bool paused_ = false;
  bool heard_ = false;  // something of the first open utterance
  int64_t since_us_ = 0;
};

}  // namespace parley::router
