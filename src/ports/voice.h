// Text to speech, as the session sees it: one stream a turn, on which utterances (sentences or
// clauses) are spoken one after the other. `rpc/` carries it over the network, `router/` chooses
// who does it, `worker/` does it with an engine. Streams and sinks live by the rule of
// ports/stream.h.
//
// Audio is mono, signed 16-bit, at the rate asked for, in frames of exactly `frame_ms`: the last
// one of an utterance is marked and filled up with silence, which counts as delivered. `seq` and
// `pts_samples` count from 0 within each utterance; pts in samples at that rate. Marks say how far
// the text is spoken, as a byte offset in the text exactly as it was given to Speak.
//
// An utterance ends with exactly one Done or one Failed that names it, in the order of Speak, and
// before the next one's first audio. After EndOfText and the last utterance's end: Finished. After
// Cancel: Done{kCancelled} for each utterance that has not ended, then Finished.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ports/stream.h"

namespace parley::ports {

class Voice {
 public:
  // Reference speech of the speaker to imitate, for voices that can.
  struct Prompt {
    std::string text;  // what is said in it; may be empty
    int sample_rate_hz = 0;
    std::vector<int16_t> pcm;
  };

  struct Request {
    Work work;
    std::string model;     // e.g. "piper/en_US-joe-medium"; empty: the default voice model
    std::string voice;     // a speaker of that model; empty: its default
    std::string language;  // BCP 47; empty: the voice's own
    std::string style;     // emotion or manner, where the model knows any
    std::string instruct;  // free words about how to speak, where the model takes them
    std::optional<Prompt> prompt;
    double speed = 1.0;            // 0.25 to 4; 2 speaks twice as fast
    std::optional<uint64_t> seed;  // equal seed and text give equal sound, where the model can
    int sample_rate_hz = 48'000;   // 8,000 to 48,000; 0: as the worker is set
    int frame_ms = 20;             // 10, 20, 40 or 60; 0: as the worker is set
    int priority = 0;              // higher is served first within its lane
    int64_t credit_samples = 0;    // what may be delivered before the first Grant
    int64_t ready_timeout_ms = kReadyTimeoutDefaultMs;
    std::string session;  // streams of one stay at one worker while that is good; empty: of none
  };

  struct Stats {
    int64_t samples = 0;          // delivered, at the requested rate, with what fills up frames
    int64_t engine_first_us = 0;  // text given to the engine → its first audio
    int64_t first_us = 0;         // text arrived at the worker → first frame ready to leave
    int64_t compute_us = 0;       // time the engine spent on it
    bool operator==(const Stats&) const = default;
  };

  struct Audio {
    UtteranceId utterance;
    uint32_t seq = 0;
    int64_t pts_samples = 0;
    std::vector<int16_t> pcm;
    bool last = false;             // of an utterance that is spoken to its end
    uint32_t padding_samples = 0;  // of the last frame: so much at its end is silence
  };
  // The text up to byte `text_end` is spoken when sample `pts_samples` of the utterance is.
  // `estimated` where the engine gives no times and the place is a share of the characters.
  struct Mark {
    UtteranceId utterance;
    uint32_t text_end = 0;
    int64_t pts_samples = 0;
    bool estimated = false;
  };
  // Nothing follows until Resume; the next sample would be `pts_samples` of `utterance` (0 of none
  // if no utterance is under way).
  struct Paused {
    UtteranceId utterance;
    int64_t pts_samples = 0;
  };
  enum class DoneReason { kCompleted, kCancelled };
  struct Done {
    UtteranceId utterance;
    DoneReason reason = DoneReason::kCompleted;
    Stats stats;
  };
  struct Finished {};
  // With an utterance: that one only, the stream goes on. Without: the last event of the stream;
  // utterances that have not ended get no event of their own. `retryable`: the same work may
  // succeed elsewhere or a little later (the engine or the worker died); what was delivered stays
  // valid.
  struct Failed {
    Error error;
    bool retryable = false;
    std::optional<UtteranceId> utterance;
  };

  using Event = std::variant<Audio, Mark, Paused, Done, Finished, Failed>;
  using Sink = std::function<void(Event)>;

  class Stream {
   public:
    virtual ~Stream() = default;
    // Complete sentences or clauses, ≤ 16 KiB of UTF-8. `context_before` is what was said just
    // before (for intonation), when it was not said on this stream. Utterance ids rise.
    virtual void Speak(UtteranceId utterance, std::string text, std::string context_before) = 0;
    virtual void EndOfText() = 0;
    // Emission stops at the next frame boundary, answered by Paused. Credit is kept.
    virtual void Pause() = 0;
    // Emission goes on with the very next sample: nothing is lost, nothing repeated.
    virtual void Resume() = 0;
    virtual void Cancel() = 0;
    // The receiver has consumed so many samples and can take as many more.
    virtual void Grant(int64_t samples) = 0;
  };

  virtual ~Voice() = default;
  virtual std::unique_ptr<Stream> Start(Request request, Sink sink) = 0;
};

// True for the event that ends a stream.
inline bool IsLast(const Voice::Event& event) {
  const auto* failed = std::get_if<Voice::Failed>(&event);
  return std::holds_alternative<Voice::Finished>(event) || (failed && !failed->utterance);
}

}  // namespace parley::ports
