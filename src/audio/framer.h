// Cuts a stream of samples into frames of one length (20 ms unless told otherwise) and counts them.
// Every frame is whole: the last one is filled up with silence, and says so.
//
// One sequence. Push, Next, Finish and Reset: noexcept, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace parley::audio {

struct PcmFrame {
  int64_t pts_samples = 0;           // of its first sample, from the beginning of the stream
  std::span<const int16_t> samples;  // valid until the next call
  size_t padding_samples = 0;        // of them, the silence at its end; of the last one alone
  bool last = false;
};

class Framer {
 public:
  // Holds at most `backlog_samples` beyond a frame.
  Framer(size_t frame_samples, size_t backlog_samples);

  // The number of samples taken, from the front; fewer when the backlog is full.
  size_t Push(std::span<const int16_t> samples) noexcept;
  // The next frame; after Finish also the one that the rest begins.
  std::optional<PcmFrame> Next() noexcept;
  // No more will be pushed. With nothing left to come out, no frame is marked as the last.
  void Finish() noexcept { finished_ = true; }
  void Reset() noexcept;

  size_t frame_samples() const noexcept { return frame_samples_; }

 private:
  void MakeRoom(size_t samples) noexcept;

  const size_t frame_samples_;
  const size_t capacity_;
  const std::unique_ptr<int16_t[]> held_;
  size_t begin_ = 0;
  size_t end_ = 0;
  int64_t pts_samples_ = 0;
  bool finished_ = false;
};

}  // namespace parley::audio
