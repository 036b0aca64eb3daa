// Keys and values of all layers ("units") of a stream of frames, in pages of so many frames: a
// stream grows by pages, and never moves what it has. A copy shares the pages that are full, which
// nobody writes any more: so streams share a voice's prompt. One thread for each object; objects
// that share pages may be on different threads.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/nn/attention.h"

namespace parley::cosyvoice2 {

class KvPages {
 public:
  KvPages() = default;
  KvPages(int64_t units, size_t row_bytes, int64_t page_frames)
      : units_(units), row_bytes_(row_bytes), page_frames_(page_frames) {}

  KvPages(const KvPages& other);
  KvPages& operator=(const KvPages& other);
  KvPages(KvPages&&) noexcept = default;
  KvPages& operator=(KvPages&&) noexcept = default;

  // Frames that are there, counted from the stream's beginning.
  int64_t frames() const { return frames_; }
  // The first frame that has not been dropped; a multiple of a page's frames.
  int64_t first() const { return first_page_ * page_frames_; }

  // Room for frames up to `frames`; they count once Commit says so. kResourceExhausted.
  Status Reserve(int64_t frames);
  void Commit(int64_t frames) { frames_ = frames; }
  // Forgets pages that lie wholly before `frame`.
  void DropBefore(int64_t frame);

  // Where rows [from, to) of a unit lie, in order.
  std::vector<nn::KvRows> Rows(int64_t unit, int64_t from, int64_t to) const;

  // Of the pages, shared ones too.
  size_t bytes() const { return pages_.size() * page_bytes(); }
  size_t page_bytes() const { return static_cast<size_t>(units_ * page_frames_) * row_bytes_; }

 private:
  using Page = std::shared_ptr<uint8_t>;
  Result<Page> NewPage() const;

  int64_t units_ = 0;
  size_t row_bytes_ = 0;
  int64_t page_frames_ = 1;
  int64_t frames_ = 0;
  int64_t first_page_ = 0;
  std::vector<Page> pages_;  // from first_page_ on
};

}  // namespace parley::cosyvoice2
