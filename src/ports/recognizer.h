// Speech to text, as the session sees it: one stream a segment (a user's turn from onset to decided
// end). Streams and sinks live by the rule of ports/stream.h.
//
// Audio is mono, signed 16-bit, at the rate stated in the request; samples are counted from the
// number the first Audio call states, so that every answer names the span it covers in the caller's
// own count. A gap in `first_sample` is silence; going back is an error.
//
// Events: while partials are on, Partial whenever there is something new (only the newest unsent
// one is kept). A Flush is answered by exactly one Final with its id, which covers everything up to
// `upto_sample`; it does not cut: later partials and finals again cover the segment from its start
// (an engine may window beyond its model's span, and says so by `from_sample`). End is answered by
// one more Final with no flush id, unless nothing came after the last flush, then Finished. Cancel
// is answered by Finished.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ports/stream.h"

namespace parley::ports {

class Recognizer {
 public:
  struct Request {
    Work work;  // for priority; a segment of a live session is floor work
    SegmentId segment;
    std::string model;     // empty: the default recognizer
    std::string language;  // BCP 47; empty: the recognizer decides
    // What is heard in any language is written in English; kUnimplemented where the model cannot.
    bool translate = false;
    int sample_rate_hz = 16'000;
    bool partials = true;
    int partials_min_interval_ms = 300;
    int64_t ready_timeout_ms = kReadyTimeoutDefaultMs;
    std::string session;  // streams of one stay at one worker while that is good; empty: of none
  };

  // Times are samples in the caller's count.
  struct Word {
    std::string text;
    int64_t from_sample = 0;
    int64_t upto_sample = 0;
    float confidence = 0;  // 0 to 1
    bool operator==(const Word&) const = default;
  };

  // The first `stable_words` words will not change any more.
  struct Partial {
    std::string text;
    int stable_words = 0;
    int64_t upto_sample = 0;
  };
  struct Final {
    std::optional<FlushId> flush;  // absent: the answer to End
    int64_t from_sample = 0;
    int64_t upto_sample = 0;
    std::string text;  // empty when nothing was said
    std::vector<Word> words;
    std::string language;  // as recognized or as asked for
    float confidence = 0;  // 0 to 1
    bool no_speech = false;
    int64_t compute_us = 0;
  };
  // The recognizer has room for so many more samples. The first one states the initial room.
  struct Credit {
    int64_t samples = 0;
  };
  struct Finished {};
  struct Failed {
    Error error;
    bool retryable = false;
  };

  using Event = std::variant<Partial, Final, Credit, Finished, Failed>;
  using Sink = std::function<void(Event)>;

  // A live microphone need not look at Credit: audio beyond it is kept, up to this much. Past that
  // the stream fails with kResourceExhausted, so who sends a file in a burst sends by credit.
  static constexpr int kBacklogMaxMs = 60'000;

  class Stream {
   public:
    virtual ~Stream() = default;
    virtual void Audio(int64_t first_sample, std::span<const int16_t> pcm) = 0;
    virtual void SetPartials(bool on) = 0;
    // A final for all audio before `upto_sample`, please; the stream goes on.
    virtual void Flush(FlushId flush, int64_t upto_sample) = 0;
    virtual void End() = 0;
    virtual void Cancel() = 0;
  };

  virtual ~Recognizer() = default;
  virtual std::unique_ptr<Stream> Start(Request request, Sink sink) = 0;
};

// True for the event that ends a stream.
inline bool IsLast(const Recognizer::Event& event) {
  return std::holds_alternative<Recognizer::Finished>(event) ||
         std::holds_alternative<Recognizer::Failed>(event);
}

}  // namespace parley::ports
