#include "audio/framer.h"

#include <algorithm>

#include "base/check.h"

namespace parley::audio {

Framer::Framer(size_t frame_samples, size_t backlog_samples)
    : frame_samples_(frame_samples),
      capacity_(frame_samples + backlog_samples),
      held_(std::make_unique<int16_t[]>(capacity_)) {
  PARLEY_CHECK(frame_samples > 0);
}

size_t Framer::Push(std::span<const int16_t> samples) noexcept {
  MakeRoom(end_ - begin_ + samples.size());
  const size_t count = std::min(samples.size(), capacity_ - end_);
  std::copy_n(samples.begin(), count, held_.get() + end_);
  end_ += count;
  return count;
}

std::optional<PcmFrame> Framer::Next() noexcept {
  const size_t there = end_ - begin_;
  if (there == 0 || (there < frame_samples_ && !finished_)) return std::nullopt;
  const size_t count = std::min(there, frame_samples_);
  if (count < frame_samples_) MakeRoom(frame_samples_);
  std::fill_n(held_.get() + begin_ + count, frame_samples_ - count, int16_t{0});
  const PcmFrame frame{.pts_samples = pts_samples_,
                       .samples = {held_.get() + begin_, frame_samples_},
                       .padding_samples = frame_samples_ - count,
                       .last = finished_ && there <= frame_samples_};
  begin_ += count;
  pts_samples_ += static_cast<int64_t>(frame_samples_);
  return frame;
}

// So many samples fit from the first that is held.
void Framer::MakeRoom(size_t samples) noexcept {
  if (begin_ + samples <= capacity_) return;
  std::copy(held_.get() + begin_, held_.get() + end_, held_.get());
  end_ -= begin_;
  begin_ = 0;
}

void Framer::Reset() noexcept {
  begin_ = 0;
  end_ = 0;
  pts_samples_ = 0;
  finished_ = false;
}

}  // namespace parley::audio
