// What the three speech ports share: whose work a stream does, how it fails, and the rule by which
// streams and sinks live together.
//
// A port (Voice, Recognizer, LanguageModel) starts streams; a stream is controlled by its methods
// and answers through the sink that was given at Start. The rule, for all ports and for whoever
// implements them (an engine's adapter, a gRPC client, a router, a fake):
//
//  1. Start and every control method are non-blocking and never call the sink on the caller's
//     stack. Start cannot fail: what goes wrong arrives as a Failed event.
//  2. The sink is called on any thread, one call at a time, in order. It must not block; it usually
//     posts to its owner's executor. It may call methods of its own stream.
//  3. A stream ends with exactly one last event: Finished, Done (LanguageModel) or a Failed of the
//     whole stream. Nothing follows it. Control methods called later have no effect.
//  4. Cancel() ends the work. After it has returned, content (audio, marks, text) no longer comes,
//     except the one event whose delivery another thread had already begun; the acknowledgements
//     that the port names still come, then the last event. Cancel twice is once.
//  5. Destroying the stream cancels it and closes its sink: once the destructor has returned, the
//     sink is not running and will not be called again, even if the last event had not come. So the
//     destructor waits for a call that runs on another thread: don't destroy a stream while holding
//     a lock that its sink takes. Destroying it from inside its own sink is allowed.
//  6. A port lives longer than its streams.
//
// Control methods of one stream are called by one sequence at a time (they need not be called on
// one thread).
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

#include "base/ids.h"
#include "base/result.h"

namespace parley::ports {

// Whose work it is. The floor lane holds a session's turns, of which only the newest may be heard;
// replies are out of band, each by itself. Workers serve the floor first.
enum class Lane { kFloor, kReply };

struct Work {
  Lane lane = Lane::kReply;
  uint64_t id = 0;  // a TurnId's or a ReplyId's value
  bool operator==(const Work&) const = default;
};

inline Work FloorWork(TurnId turn) { return {.lane = Lane::kFloor, .id = turn.value}; }
inline Work ReplyWork(ReplyId reply) { return {.lane = Lane::kReply, .id = reply.value}; }

// What a stream may wait, from Start, until a model is loaded for it and has a free slot. Then it
// fails with kDeadlineExceeded (or kResourceExhausted, naming who holds what).
inline constexpr int64_t kReadyTimeoutDefaultMs = 10'000;

// The serialized way to a sink, which keeps rules 2, 3 and 5 for an implementation: calls never
// overlap, and none is running or will start once Close has returned. Thread-safe; Close may be
// called from inside the sink.
template <class Event>
class SinkGate {
 public:
  explicit SinkGate(std::function<void(Event)> sink) : sink_(std::move(sink)) {}

  // False if the gate is closed. `is_last` closes it behind the event.
  bool Deliver(Event event, bool is_last = false) {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    closed_ = is_last;
    sink_(std::move(event));
    return true;
  }

  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }

 private:
  // Recursive, because a sink may destroy or cancel its stream.
  std::recursive_mutex mutex_;
  bool closed_ = false;
  const std::function<void(Event)> sink_;
};

}  // namespace parley::ports
