// The streams that a worker has open on one engine: who gets their events, what they may send,
// which were cancelled. Thread-safe; sinks are called without any lock held.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "base/result.h"
#include "engine/process.h"

namespace parley::engine::internal {

class StreamTable {
 public:
  // Ids rise and are never used again. `credit`: samples that the engine may send.
  uint32_t Add(StreamSink sink, int64_t credit);

  size_t size() const;
  // True while events are expected and it was not cancelled.
  bool IsOpen(uint32_t stream) const;
  void AddCredit(uint32_t stream, int64_t samples);

  // Hands an event to its stream's sink; events of unknown streams fall. After a cancel only
  // Cancelled and Idle pass, and Cancelled is made up if the engine had ended the stream before it
  // knew. An error is the engine's breach of the protocol.
  Status Deliver(uint32_t stream, StreamEvent event);

  // From now on the stream gives only Cancelled and Idle. False if it was over or cancelled before.
  bool MarkCancelled(uint32_t stream, int64_t now_us);
  // A stream that was cancelled before `then_us` and is not idle yet.
  std::optional<uint32_t> CancelledBefore(int64_t then_us) const;

  // Ends every stream: cancelled ones as if acknowledged, the others with this error.
  void FailAll(const Error& error);

 private:
  struct Entry {
    StreamSink sink;
    int64_t credit = 0;
    std::optional<int64_t> cancelled_us;
    bool acknowledged = false;
  };

  mutable std::mutex mutex_;
  std::map<uint32_t, std::shared_ptr<Entry>> entries_;
  uint32_t last_ = 0;
};

}  // namespace parley::engine::internal
