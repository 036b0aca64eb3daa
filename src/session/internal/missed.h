// What a client that is away has not been told, in order and bounded: from the first message on
// that is too much, nothing is kept.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace parley::session {

class Missed {
 public:
  static constexpr size_t kBytesMax = 256 * 1024;

  void Add(std::string message) {
    bytes_ += message.size();
    whole_ = whole_ && bytes_ <= kBytesMax;
    if (whole_) messages_.push_back(std::move(message));
  }
  bool whole() const { return whole_; }
  const std::vector<std::string>& messages() const { return messages_; }

 private:
  std::vector<std::string> messages_;
  size_t bytes_ = 0;
  bool whole_ = true;
};

}  // namespace parley::session
