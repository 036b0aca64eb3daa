// One engine process as the worker sees it: started, greeted, loaded, used by streams, watched, and
// brought to its end. An engine that misbehaves in any way becomes an error of its streams and an
// Exit with a reason; it can neither block nor grow the worker.
//
//   starting ──hello──▶ greeted ──Load──▶ loading ──loaded──▶ ready ──┐
//      └───────────────────┴────── any failure, Stop ─────────┴──▶ stopping ──▶ exited
//
// Stopping is a ladder: bye → 2 s → SIGTERM → 2 s → SIGKILL, to the whole process group.
//
// Threads: a reader and a writer for the socket, and a keeper that drains stdout and stderr into
// the log, pings, watches the deadlines and reaps. Streams' sinks are called by the reader or the
// keeper, one call at a time for a stream; the other events likewise. They must not wait, and must
// not destroy the process object. All methods are thread-safe and do not wait; the destructor kills
// the process at once if it still runs, and waits for its end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "engine/messages.h"
#include "engine/spec.h"

namespace parley::engine {

struct StreamAudio {
  std::vector<float> samples;  // mono, the engine's native rate
};

// What a stream gives. Idle is the last event of every stream and means that its slot is free; an
// ErrorMessage without utterance, Cancelled or a Done without utterance comes before it, once. When
// the engine dies, each of its streams fails with kUnavailable.
using StreamEvent = std::variant<StreamAudio, Mark, Partial, Final, Delta, Tool, Done, Cancelled,
                                 Credit, ErrorMessage, Idle>;
using StreamSink = std::function<void(StreamEvent)>;

// How a process ended.
struct Exit {
  bool expected = false;  // it was stopped by its owner
  Error reason;           // with the last lines that the engine printed, if it was not expected
  int exit_code = -1;     // −1: it was killed
  int signal = 0;
  std::vector<std::string> last_lines;  // of stdout and stderr, at most 50
};

class EngineProcess {
 public:
  enum class State { kStarting, kGreeted, kLoading, kReady, kStopping, kExited };

  struct Events {
    std::function<void(const Loading&)> loading;
    // Once for a Load; a process that had exited before the Load has told so by `exited` alone.
    std::function<void(Result<Loaded>)> loaded;
    std::function<void(const Stats&)> stats;
    std::function<void(const Exit&)> exited;  // the last event, once; the process is reaped
  };

  // Starts the program, or listens for it. kNotFound or kPermissionDenied when it cannot be run.
  static Result<std::unique_ptr<EngineProcess>> Spawn(EngineSpec spec, Events events);
  ~EngineProcess();
  EngineProcess(const EngineProcess&) = delete;
  EngineProcess& operator=(const EngineProcess&) = delete;

  // Once; may be called before the engine has said hello.
  void Load(engine::Load load);

  // Opens a stream in a free slot and sends its prompt, if it has one. kFailedPrecondition: not
  // ready; kResourceExhausted: no slot is free; kInvalidArgument: not this engine's kind of start,
  // or too long to send. Nothing is given to the sink before this returns an error.
  Result<uint32_t> Start(engine::Start start, StreamSink sink);
  // For Text, End, Partials, Flush and Credit. False if the stream is over or unknown.
  bool Send(uint32_t stream, const Message& message);
  // For recognizers; the caller keeps to the credit (Loaded's, then Credit events).
  bool SendAudio(uint32_t stream, std::span<const float> samples);
  // From now on the stream gives only Cancelled and Idle.
  void Cancel(uint32_t stream);

  // Starts the ladder; `exited` tells the end.
  void Stop();
  // Straight to SIGKILL.
  void Kill(std::string why);

  State state() const;
  pid_t pid() const;  // −1 for an engine that somebody else started
  std::optional<Hello> hello() const;
  std::optional<Loaded> loaded() const;
  // Of the process, read now from the system; 0 when it is gone or not ours.
  int64_t ResidentBytes() const;
  std::vector<std::string> LastLines() const;

 private:
  class Impl;
  explicit EngineProcess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::engine
