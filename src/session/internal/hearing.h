// The recognizer streams of a session, one a segment: fed from the uplink as sound and credit come,
// flushed when told, opened again once when a worker died. Answers become events of the core. A
// closed segment that is still owed an answer is kept for a while: its late words mend the history.
//
// Owned by a session, one sequence; its streams answer on other threads and are posted.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "metrics/instruments.h"
#include "net/executor.h"
#include "ports/recognizer.h"
#include "session/uplink.h"
#include "turn/event.h"

namespace parley::session {

class Hearing : public std::enable_shared_from_this<Hearing> {
 public:
  using Emit = std::function<void(turn::EventBody)>;

  struct Deps {
    const Clock& clock;
    metrics::Histogram& final_ms;  // of each flush to its final
    ports::Recognizer& recognizer;
    net::Executor& executor;
    const Uplink& uplink;
    Emit emit;
  };
  explicit Hearing(Deps deps) : deps_(std::move(deps)) {}

  // Of the segments opened from now on.
  void SetLanguage(std::string language) { language_ = std::move(language); }
  void SetModel(std::string model) { model_ = std::move(model); }

  void Open(SegmentId segment, int64_t from_sample);
  void SetPartials(SegmentId segment, bool on);
  void Flush(SegmentId segment, FlushId flush, int64_t upto_sample);
  void Close(SegmentId segment, int64_t upto_sample, bool discard);
  // Sound up to this sample has been looked at and may be sent on.
  void Pump(int64_t upto_sample);
  // The oldest sample that a stream may still need; `otherwise` without streams.
  int64_t NeededFrom(int64_t otherwise) const;
  void Clear() { lives_.clear(); }
  size_t size() const { return lives_.size(); }

 private:
  struct Asked {
    FlushId flush;
    int64_t upto = 0;
    int64_t sent_us = 0;  // 0: not yet
  };
  struct Life {
    std::unique_ptr<ports::Recognizer::Stream> stream;
    uint64_t generation = 0;
    int64_t from = 0;
    int64_t next = 0;    // sample to be sent
    int64_t upto = -1;   // closed there; −1: open
    int64_t credit = 0;  // samples that the recognizer has said it can take
    bool partials = false;
    bool retried = false;
    std::deque<Asked> asked;
  };

  void StartStream(SegmentId segment, Life& life);
  void Feed(Life& life);
  void On(SegmentId segment, uint64_t generation, ports::Recognizer::Event event);
  void TakeAnswer(Life& life, FlushId flush);
  void OnFailed(SegmentId segment, Life& life, const ports::Recognizer::Failed& failed);
  void EndIfDone(SegmentId segment);
  void ForgetUnanswered();

  const Deps deps_;
  std::string language_;
  std::string model_;  // empty: the default
  std::map<SegmentId, Life> lives_;
  uint64_t generations_ = 0;
  int64_t looked_at_ = 0;
};

}  // namespace parley::session
