#include "segment/internal/utf8.h"

#include <cstdint>

namespace parley::segment {
namespace {

bool In(char32_t c, char32_t low, char32_t high) { return c >= low && c <= high; }

struct Lead {
  size_t bytes;
  char32_t bits;
  char32_t smallest;
};

// bytes 0: not a leading byte of any well-formed character.
Lead LeadOf(uint8_t byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xc2 && byte <= 0xdf) return {2, byte & 0x1fu, 0x80};
  if (byte >= 0xe0 && byte <= 0xef) return {3, byte & 0x0fu, 0x800};
  if (byte >= 0xf0 && byte <= 0xf4) return {4, byte & 0x07u, 0x10000};
  return {0, 0, 0};
}

}  // namespace

CodePoint DecodeAt(std::string_view text, size_t at) {
  const Lead lead = LeadOf(static_cast<uint8_t>(text[at]));
  if (lead.bytes == 0) return {.value = 0xfffd, .bytes = 1, .valid = false};
  char32_t value = lead.bits;
  for (size_t i = 1; i < lead.bytes; ++i) {
    if (at + i >= text.size()) return {.value = 0xfffd, .bytes = 0, .valid = false};
    const auto byte = static_cast<uint8_t>(text[at + i]);
    if ((byte & 0xc0) != 0x80) return {.value = 0xfffd, .bytes = 1, .valid = false};
    value = value << 6 | (byte & 0x3fu);
  }
  if (value < lead.smallest || value > 0x10ffff || In(value, 0xd800, 0xdfff)) {
    return {.value = 0xfffd, .bytes = 1, .valid = false};
  }
  return {.value = value, .bytes = lead.bytes, .valid = true};
}

bool IsSpace(char32_t c) {
  return c == ' ' || In(c, '\t', '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         In(c, 0x2000, 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

bool IsEmoji(char32_t c) {
  return In(c, 0x1f000, 0x1faff) || In(c, 0x2600, 0x27bf) || In(c, 0x2b00, 0x2bff) ||
         In(c, 0x2300, 0x23ff) || In(c, 0x2190, 0x21ff) || In(c, 0x25a0, 0x25ff) ||
         In(c, 0xfe00, 0xfe0f) || c == 0x200d || c == 0x20e3 || In(c, 0xe0000, 0xe007f);
}

bool IsLetterOrDigit(char32_t c) {
  if (c < 0x80) return In(c, '0', '9') || In(c, 'a', 'z') || In(c, 'A', 'Z');
  if (c < 0xc0) return c == 0xaa || c == 0xb2 || c == 0xb3 || c == 0xb5 || In(c, 0xb9, 0xbe);
  if (c == 0xd7 || c == 0xf7 || c == 0xfffd) return false;
  const bool punctuation = In(c, 0x2000, 0x206f) || In(c, 0x3000, 0x3004) ||
                           In(c, 0x3008, 0x3020) || In(c, 0xff01, 0xff0f) ||
                           In(c, 0xff1a, 0xff20) || In(c, 0xff3b, 0xff40) ||
                           In(c, 0xff5b, 0xff65) || In(c, 0xe000, 0xf8ff) || c == 0xfeff;
  return !punctuation && !IsEmoji(c) && !IsSpace(c);
}

bool IsCjk(char32_t c) {
  return In(c, 0x3040, 0x30ff) || In(c, 0x3400, 0x4dbf) || In(c, 0x4e00, 0x9fff) ||
         In(c, 0xf900, 0xfaff) || In(c, 0x20000, 0x3ffff);
}

bool IsCloser(char32_t c) {
  switch (c) {
    case '"':
    case '\'':
    case ')':
    case ']':
    case '*':
    case '_':
    case '`':
    case 0xbb:    // »
    case 0x2019:  // ’
    case 0x201d:  // ”
    case 0x300d:  // 」
    case 0x300f:  // 』
    case 0xff09:  // ）
      return true;
    default:
      return false;
  }
}

}  // namespace parley::segment
