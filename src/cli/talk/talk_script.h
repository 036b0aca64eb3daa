// A conversation from recorded speech: decides what the microphone hears in each 20 ms, listens to
// the loudspeaker, and times the answers. Pure: the owner calls Tick at the pace of time (or of a
// test) and carries messages. One sequence.
//
// Each recording is followed by silence until its answer has been played, then comes the next one;
// with `interrupt_after_ms` the second one starts so long after the first answer became audible.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/talk/conversation.h"

namespace parley::cli {

inline constexpr int kTickMs = 20;
inline constexpr int kTickSamples = kTalkRateHz * kTickMs / 1000;

struct SpokenInput {
  std::string label;               // what the report calls it
  std::vector<int16_t> pcm;        // at kTalkRateHz
  int64_t speech_end_sample = -1;  // one past the last sample of speech; −1: found by level
};

struct SpokenOutcome {
  std::string label;
  TalkTurn turn;  // the answer, and all words it answers; status "no_reply" without one
  // The input's last speech sample → the first audible sample of the answer, on one timeline in
  // which the microphone's 20 ms are sent when they are over.
  std::optional<double> gap_ms;
  // The next input's first sample of speech → the last audible sample of this one's answer, where
  // the next one interrupted it.
  std::optional<double> silenced_ms;
};

class TalkScript {
 public:
  struct Config {
    std::optional<int> interrupt_after_ms;
    int patience_ms = 20'000;  // for an answer, after the input's end
    int settle_ms = 400;       // of silence after an answer, before the next input
    int account_ms = 400;      // the same while the server's account of the turn has not come
  };

  TalkScript(Config config, std::vector<SpokenInput> inputs, const Conversation& conversation,
             const Loudspeaker& loudspeaker);

  // Writes what the microphone heard in the last 20 ms, given what is played in the next 20.
  void Tick(std::span<int16_t, kTickSamples> microphone,
            std::span<const int16_t, kTickSamples> played);

  bool done() const { return current_ == inputs_.size(); }
  // One for each input, complete once done().
  std::vector<SpokenOutcome> outcomes() const;

 private:
  struct Progress {
    int64_t began_sample = 0;  // on the timeline
    size_t first_turn = 0;     // the conversation's turns when it began
    std::optional<int64_t> audible_sample;
    std::optional<int64_t> silenced_sample;  // one past the last sound under the next input
    int64_t quiet_ticks = 0;                 // since its answer was over
  };

  bool IsOver(size_t index) const;
  bool Interrupts() const;
  void Begin(size_t index);
  void Listen(std::span<const int16_t, kTickSamples> played);

  const Config config_;
  const std::vector<SpokenInput> inputs_;
  const Conversation& conversation_;
  const Loudspeaker& loudspeaker_;
  std::vector<Progress> progress_;
  size_t current_ = 0;
  size_t fed_samples_ = 0;  // of the current input
  int64_t now_sample_ = 0;
};

}  // namespace parley::cli
