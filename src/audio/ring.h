// Samples from one thread to one other, without locks: fixed capacity, filled and emptied in
// blocks. Full: what does not fit is not written, and the writer is told (it decides whether that
// is dropped and counted). Exactly one producer calls Write, exactly one consumer Read, Discard and
// Clear; each call is wait-free and allocates nothing. sizes may be read by either and are then a
// bound.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

#include "base/check.h"

namespace parley::audio {

template <class T>
class Ring {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // Holds at least `capacity` values (rounded up to a power of two).
  explicit Ring(size_t capacity)
      : capacity_(std::bit_ceil(std::max<size_t>(capacity, 1))),
        values_(std::make_unique<T[]>(capacity_)) {}

  size_t capacity() const noexcept { return capacity_; }
  size_t size() const noexcept {
    // Read position first: it only grows, so the difference never exceeds the capacity by much and
    // is held to it.
    const size_t read = read_.load(std::memory_order_acquire);
    return std::min(written_.load(std::memory_order_acquire) - read, capacity_);
  }

  // Producer. The number of values taken, from the front of `in`.
  size_t Write(std::span<const T> in) noexcept {
    const size_t at = written_.load(std::memory_order_relaxed);
    const size_t room = capacity_ - (at - read_.load(std::memory_order_acquire));
    const size_t count = std::min(in.size(), room);
    const size_t first = std::min(count, capacity_ - Index(at));
    std::copy_n(in.begin(), first, values_.get() + Index(at));
    std::copy_n(in.begin() + first, count - first, values_.get());
    written_.store(at + count, std::memory_order_release);
    return count;
  }

  // Consumer. The number of values put at the front of `out`.
  size_t Read(std::span<T> out) noexcept {
    const size_t at = read_.load(std::memory_order_relaxed);
    const size_t count = std::min(out.size(), written_.load(std::memory_order_acquire) - at);
    const size_t first = std::min(count, capacity_ - Index(at));
    std::copy_n(values_.get() + Index(at), first, out.begin());
    std::copy_n(values_.get(), count - first, out.begin() + first);
    read_.store(at + count, std::memory_order_release);
    return count;
  }

  // Consumer. Drops up to `count` of the oldest values; the number dropped.
  size_t Discard(size_t count) noexcept {
    const size_t at = read_.load(std::memory_order_relaxed);
    count = std::min(count, written_.load(std::memory_order_acquire) - at);
    read_.store(at + count, std::memory_order_release);
    return count;
  }
  size_t Clear() noexcept { return Discard(capacity_); }

 private:
  size_t Index(size_t position) const noexcept { return position & (capacity_ - 1); }

  const size_t capacity_;
  const std::unique_ptr<T[]> values_;
  // Totals; apart, so that the two threads do not share a cache line.
  alignas(64) std::atomic<size_t> written_{0};
  alignas(64) std::atomic<size_t> read_{0};
};

}  // namespace parley::audio
