// One segment as it is heard: gathers audio, decides which piece of it each pass of the model
// hears, and puts the answers together. The audio grows without end; the model hears 30 s at once,
// so what is older than that is settled word by word and its audio forgotten. One sequence.
//
//   audio ─ settled ─┬─ open: what a final hears (≤ 28 s, then its front is settled) ─┐
//                    └──── partials hear its last 10 s or less ───────────────────────┘
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "whisper/agreement.h"
#include "whisper/transcriber.h"

namespace parley::whisper {

// Samples count from the start of the segment.
struct Hearing {
  int64_t upto_sample = 0;
  std::vector<HeardWord> words;
  size_t stable_words = 0;  // of a partial
  std::string language;
  float confidence = 0;  // mean of the words', 0 without words
};

class Segment {
 public:
  struct Config {
    std::string language;           // Whisper's code; empty: recognized with each pass
    bool translate = false;         // into English
    int partial_interval_ms = 500;  // new audio between two partials; each costs 200–400 ms of CPU
    int partial_first_ms = 500;     // audio before the first one
    int partial_window_ms = 10'000;  // what a partial hears at most
    int final_context = 384;    // floor of the encoder's positions; less makes short clips loop
    int partial_context = 256;  // the same for partials, which are corrected anyhow
  };

  Segment(Config config, Transcriber& transcriber);

  void Append(std::span<const float> pcm);

  // True when enough has come since the last partial for another one.
  bool PartialDue() const;

  // What is heard so far, or nothing if it was aborted. `aborted` as in PassRequest.
  Result<std::optional<Hearing>> Partial(const std::function<bool()>& aborted);

  // All that was said up to now, or nothing if it was aborted. Costs nothing if nothing but quiet
  // has come since the last pass that was good enough.
  Result<std::optional<Hearing>> Final(const std::function<bool()>& aborted);

  // Settles the front of the audio while there is more than the model hears at once; call it after
  // Append so that memory stays bounded. False if aborted.
  Result<bool> Settle(const std::function<bool()>& aborted);

 private:
  // A pass over [from, upto), in samples of the segment, without the quiet around the speech.
  struct Heard {
    int64_t from_sample = 0;
    int64_t upto_sample = 0;
    Pass pass;  // words in samples of the segment; none if nobody spoke
  };
  struct Range {
    int64_t from_sample = 0;
    int64_t upto_sample = 0;
  };

  Result<std::optional<Heard>> Hear(Range range, int context_floor, bool urgent,
                                    const std::function<bool()>& aborted);
  bool CanReuse() const;
  void MovePartialWindow(const std::vector<HeardWord>& words);
  int64_t end() const { return start_ + static_cast<int64_t>(audio_.size()); }
  std::span<const float> Audio(Range range) const;

  const Config config_;
  Transcriber& transcriber_;
  std::vector<float> audio_;             // open: from start_ on
  int64_t start_ = 0;                    // settled up to here
  std::vector<HeardWord> settled_;       // words before start_
  std::string language_;                 // of the last pass
  std::optional<Heard> last_;            // the last pass that heard all that is open
  int64_t partial_from_ = 0;             // where the window of partials begins, ≥ start_
  int64_t partial_upto_ = 0;             // what the last partial had heard
  std::vector<HeardWord> partial_head_;  // words between start_ and partial_from_
  Agreement agreement_;
};

}  // namespace parley::whisper
