// What a process counts and measures. Every operation is wait-free but for the sum of a histogram
// (lock-free), allocates nothing and may be called on the real-time path. Thread-safe; owned by the
// Registry (metrics/registry.h), which outlives all who hold references.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace parley::metrics {

// Only grows. Name ends in _total.
class Counter {
 public:
  void Add(uint64_t by = 1) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
  uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// A level: things alive now, bytes held. Prefer GaugeLease to paired Add calls.
class Gauge {
 public:
  void Set(int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void Add(int64_t by) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
  int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// Counts one thing for as long as it lives: a member of the thing that is counted.
class GaugeLease {
 public:
  GaugeLease() = default;
  explicit GaugeLease(Gauge& gauge, int64_t amount = 1) : gauge_(&gauge), amount_(amount) {
    gauge.Add(amount);
  }
  GaugeLease(GaugeLease&& other) noexcept
      : gauge_(std::exchange(other.gauge_, nullptr)), amount_(other.amount_) {}
  GaugeLease& operator=(GaugeLease&& other) noexcept {
    std::swap(gauge_, other.gauge_);
    std::swap(amount_, other.amount_);
    return *this;
  }
  ~GaugeLease() {
    if (gauge_ != nullptr) gauge_->Add(-amount_);
  }

 private:
  Gauge* gauge_ = nullptr;
  int64_t amount_ = 0;
};

// How values are distributed. `bounds` are the upper ends of the buckets, rising; one more bucket
// takes what is above the last.
class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds)
      : bounds_(bounds.begin(), bounds.end()),
        counts_(std::make_unique<std::atomic<uint64_t>[]>(bounds.size() + 1)) {}

  void Observe(double value) noexcept {
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    counts_[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    double sum = sum_.load(std::memory_order_relaxed);
    while (!sum_.compare_exchange_weak(sum, sum + value, std::memory_order_relaxed)) {
    }
  }

  const std::vector<double>& bounds() const { return bounds_; }
  // Of one bucket alone, not of those below it.
  uint64_t count(size_t bucket) const { return counts_[bucket].load(std::memory_order_relaxed); }
  uint64_t total() const {
    uint64_t total = 0;
    for (size_t i = 0; i <= bounds_.size(); ++i) total += count(i);
    return total;
  }
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::vector<double> bounds_;
  const std::unique_ptr<std::atomic<uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

}  // namespace parley::metrics
