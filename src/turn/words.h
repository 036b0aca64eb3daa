// Reading recognized text as words: lower case, without punctuation. Allocates nothing.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace parley::turn {

// Gives the words of a text one by one. Letters are lowered in ASCII and Latin-1, other characters
// pass as they are; apostrophes inside words stay ("don't"); each character of a script without
// spaces is a word of its own. Words longer than 31 bytes are cut there.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {}

  // False at the end; then word() is empty.
  bool Next();
  std::string_view word() const { return {buffer_.data(), size_}; }
  // The word is one character of a script without spaces.
  bool wide() const { return wide_; }

 private:
  void Put(char c);

  std::string_view text_;
  size_t at_ = 0;
  std::array<char, 31> buffer_{};
  size_t size_ = 0;
  bool wide_ = false;
};

int CountWords(std::string_view text);

}  // namespace parley::turn
