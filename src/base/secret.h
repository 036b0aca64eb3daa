// A key or token. It has no way to be printed by accident; who needs it asks for it by name.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace parley {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  bool empty() const { return value_.empty(); }
  // For the one place that must send or compare it.
  const std::string& Reveal() const { return value_; }

  // Compares in time that depends on the length of `candidate` alone.
  bool Matches(std::string_view candidate) const {
    unsigned difference = value_.size() == candidate.size() ? 0 : 1;
    for (size_t i = 0; i < candidate.size(); ++i) {
      const char own = value_.empty() ? '\0' : value_[i % value_.size()];
      difference |= static_cast<unsigned char>(own ^ candidate[i]);
    }
    return difference == 0;
  }

 private:
  std::string value_;
};

}  // namespace parley
