// What the caller of a stream has said, so that it can be said again to another worker. Bounded: of
// what is too much nothing is kept. One sequence.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace parley::router {

template <class Stream>
class Said {
 public:
  using Act = std::function<void(Stream&)>;

  void Add(Act act, size_t bytes) {
    if (!whole_) return;
    bytes_ += bytes;
    acts_.push_back(std::move(act));
    if (bytes_ > kBytesMax || acts_.size() > kActsMax) Forget();
  }
  // It can be said again.
  bool whole() const { return whole_; }
  void SayTo(Stream& stream) const {
    for (const Act& act : acts_) act(stream);
  }
  void Forget() {
    whole_ = false;
    acts_.clear();
  }

 private:
  static constexpr size_t kBytesMax = 6 * 1024 * 1024;  // 60 s of 48 kHz
  static constexpr size_t kActsMax = 16 * 1024;

  std::vector<Act> acts_;
  size_t bytes_ = 0;
  bool whole_ = true;
};

}  // namespace parley::router
