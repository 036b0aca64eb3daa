#include "turn/words.h"

#include <cstdint>

namespace parley::turn {
namespace {

bool IsAsciiWord(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Bytes of the character that begins with this byte, 1 for anything malformed.
size_t CharacterBytes(std::string_view text, size_t at) {
  const auto lead = static_cast<uint8_t>(text[at]);
  size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return at + bytes <= text.size() ? bytes : 1;
}

// General punctuation (U+2000–U+206F), CJK punctuation (U+3000–U+303F), full-width forms' marks.
bool IsWideMark(std::string_view character) {
  if (character.size() == 2) return character[0] == '\xc2';  // ¡ « ¿ » and the like
  if (character.size() != 3) return false;
  const auto second = static_cast<uint8_t>(character[1]);
  if (character[0] == '\xe2') return second == 0x80 || second == 0x81;
  if (character[0] == '\xe3') return second == 0x80;
  return character[0] == '\xef' && second == 0xbc;
}

bool IsCjk(std::string_view character) {
  return character.size() == 3 && character[0] >= '\xe3' && character[0] <= '\xe9';
}

// À to Þ without the multiplication sign: their small forms stand 32 places on.
bool IsLatinCapital(std::string_view character) {
  if (character.size() != 2 || character[0] != '\xc3') return false;
  const auto second = static_cast<uint8_t>(character[1]);
  return second >= 0x80 && second <= 0x9e && second != 0x97;
}

bool IsApostrophe(std::string_view character) {
  return character == "'" || character == "\xe2\x80\x99";
}

}  // namespace

void WordReader::Put(char c) {
  if (size_ == buffer_.size()) return;
  buffer_[size_++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool WordReader::Next() {
  size_ = 0;
  wide_ = false;
  while (at_ < text_.size()) {
    const size_t bytes = CharacterBytes(text_, at_);
    const std::string_view character = text_.substr(at_, bytes);
    const bool wide = bytes > 1;
    if (IsApostrophe(character) && size_ > 0 && at_ + bytes < text_.size() &&
        IsAsciiWord(text_[at_ + bytes])) {
      Put('\'');
    } else if (wide ? IsWideMark(character) : !IsAsciiWord(character[0])) {
      at_ += bytes;
      if (size_ > 0) return true;
      continue;
    } else if (IsCjk(character)) {
      if (size_ > 0) return true;
      for (const char c : character) Put(c);
      at_ += bytes;
      wide_ = true;
      return true;
    } else if (IsLatinCapital(character)) {
      Put(character[0]);
      Put(static_cast<char>(character[1] + 0x20));
    } else {
      for (const char c : character) Put(c);
    }
    at_ += bytes;
  }
  return size_ > 0;
}

int CountWords(std::string_view text) {
  int count = 0;
  for (WordReader reader(text); reader.Next();) ++count;
  return count;
}

}  // namespace parley::turn
