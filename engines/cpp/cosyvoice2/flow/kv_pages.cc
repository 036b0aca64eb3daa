#include "cosyvoice2/flow/kv_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/check.h"

namespace parley::cosyvoice2 {
namespace {

constexpr size_t kAlignment = 64;

}  // namespace

KvPages::KvPages(const KvPages& other) { *this = other; }

KvPages& KvPages::operator=(const KvPages& other) {
  if (this == &other) return *this;
  units_ = other.units_;
  row_bytes_ = other.row_bytes_;
  page_frames_ = other.page_frames_;
  frames_ = other.frames_;
  first_page_ = other.first_page_;
  pages_ = other.pages_;
  // Only full pages may be shared.
  pages_.resize(static_cast<size_t>(
      std::max<int64_t>(0, (frames_ + page_frames_ - 1) / page_frames_ - first_page_)));
  if (frames_ % page_frames_ != 0 && !pages_.empty()) {
    const Page shared = pages_.back();
    auto own = NewPage();
    PARLEY_CHECK(own.has_value());
    std::memcpy(own->get(), shared.get(), page_bytes());
    pages_.back() = *std::move(own);
  }
  return *this;
}

Result<KvPages::Page> KvPages::NewPage() const {
  auto* memory = static_cast<uint8_t*>(
      ::operator new(page_bytes(), std::align_val_t(kAlignment), std::nothrow));
  if (memory == nullptr) {
    return Fail(
        Code::kResourceExhausted,
        fmt::format("no memory for keys and values of {} frames: {} MB asked for; a shorter "
                    "text or a smaller cache type needs less",
                    page_frames_, page_bytes() >> 20));
  }
  return Page(memory, [](uint8_t* page) { ::operator delete(page, std::align_val_t(kAlignment)); });
}

Status KvPages::Reserve(int64_t frames) {
  while ((first_page_ + static_cast<int64_t>(pages_.size())) * page_frames_ < frames) {
    PARLEY_TRY(Page page, NewPage());
    pages_.push_back(std::move(page));
  }
  return {};
}

void KvPages::DropBefore(int64_t frame) {
  const int64_t drop = std::clamp<int64_t>(frame / page_frames_ - first_page_, 0,
                                           static_cast<int64_t>(pages_.size()));
  pages_.erase(pages_.begin(), pages_.begin() + drop);
  first_page_ += drop;
}

std::vector<nn::KvRows> KvPages::Rows(int64_t unit, int64_t from, int64_t to) const {
  PARLEY_CHECK(from >= first());
  std::vector<nn::KvRows> rows;
  while (from < to) {
    const int64_t page = from / page_frames_;
    const int64_t count = std::min(to, (page + 1) * page_frames_) - from;
    const int64_t row = unit * page_frames_ + from % page_frames_;
    rows.push_back(
        {pages_[page - first_page_].get() + static_cast<size_t>(row) * row_bytes_, count});
    from += count;
  }
  return rows;
}

}  // namespace parley::cosyvoice2
