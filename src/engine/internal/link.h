// One end of an engine's socket, the same for worker and engine: a thread that does nothing but
// read, a thread that does nothing but write, and a bounded queue before the writer.
//
// Order. Frames of one stream leave in the order they were given, J and A alike. Frames sent by
// SendUrgent (cancelled, credit, ping, pong, error, bye) jump the queue, yet never their own
// stream's `start`. CutStream discards what a stream still has in the queue and lets nothing more
// of it in. Of a stream's partials only the newest unsent one is kept.
//
// Thread-safe, but for Start and the destructor. The destructor joins both threads, so it must not
// run within a handler.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/frame.h"
#include "engine/messages.h"

namespace parley::engine::internal {

class Link {
 public:
  // What an ordinary send does when the queue is full: wait (an engine's model thread), or close
  // the link, since the other side has stopped reading (the worker, whose threads must not wait).
  enum class WhenFull { kWait, kClose };
  struct Config {
    WhenFull when_full = WhenFull::kWait;
    size_t queue_bytes_max = size_t{1} << 20;  // one frame may overshoot it
    size_t urgent_frames_max = 4096;           // beyond, the link closes
  };
  // Both run on the reader thread and must not wait. `closed` is the last call, made once, with the
  // reason: kUnavailable when the other side is gone, kInvalidArgument or kOutOfRange for a broken
  // frame, else what Close or a full queue said.
  struct Handlers {
    std::function<void(Frame)> frame;
    std::function<void(Error)> closed;
  };

  // `socket` is a connected stream socket.
  Link(UniqueFd socket, const Config& config);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  void Start(Handlers handlers);

  // False when the link is closed or the stream was cut.
  bool Send(uint32_t stream, const Message& message);
  bool SendAudio(uint32_t stream, std::span<const float> samples);
  bool SendUrgent(uint32_t stream, const Message& message);

  // Discards the stream's queued frames and lets none of it in any more; then sends `last` ahead of
  // all others. False, and nothing is sent, if the stream's `start` was among the discarded: the
  // other side has never heard of it.
  bool CutStream(uint32_t stream, const Message& last);
  // The stream's last message, which a cut does not hold back; does not wait for room.
  void EndStream(uint32_t stream, const Message& message);

  // The stream is over on both sides: its cut need not be remembered.
  void Forget(uint32_t stream);

  // Waits until all is written, at most so long. False: it was not, or the link is closed.
  bool Flush(int64_t timeout_ms);

  // Wakes everyone; the reader ends with `reason`. Only the first call counts.
  void Close(Error reason);

 private:
  struct Item {
    uint32_t stream = 0;
    bool is_partial = false;
    bool is_start = false;
    std::string bytes;
  };

  bool Push(Item item);
  // Under the lock:
  void Append(Item item);
  bool HasQueuedStart(uint32_t stream) const;
  bool ReplacePartial(Item& item);
  void CloseLocked(Error reason);

  void ReadLoop();
  void DecodeAll(FrameDecoder& decoder);
  void WriteLoop();
  // The next bytes to write, several frames together; empty when the link is closed.
  std::string NextBatch();
  bool WriteAll(std::string_view bytes);

  const UniqueFd socket_;
  const Config config_;
  Handlers handlers_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> urgent_;
  std::deque<Item> queue_;
  size_t queue_bytes_ = 0;
  bool writing_ = false;
  std::set<uint32_t> cut_;
  std::optional<Error> closed_;

  std::thread reader_;
  std::thread writer_;
};

}  // namespace parley::engine::internal
