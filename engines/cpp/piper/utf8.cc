#include "piper/utf8.h"

#include <algorithm>

namespace parley::piper {
namespace {

// Bytes that the lead byte announces, or 0.
size_t SizeOf(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

bool IsControl(char32_t code) {
  if (code == '\t' || code == '\n' || code == '\r') return false;
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

}  // namespace

CodePoint ReadCodePoint(std::string_view text, size_t at) {
  static constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t size = SizeOf(lead);
  if (size == 0 || size > text.size() - at) return {0xfffd, 1, false};
  char32_t code = size == 1 ? lead : lead & (0x7f >> size);
  for (size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + i]);
    if ((byte & 0xc0) != 0x80) return {0xfffd, 1, false};
    code = code << 6 | (byte & 0x3f);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kSmallest[size] || surrogate || code > 0x10ffff) return {0xfffd, 1, false};
  return {code, size, true};
}

std::u32string CodePoints(std::string_view text) {
  std::u32string codes;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = ReadCodePoint(text, at);
    if (point.valid) codes.push_back(point.code);
    at += point.size;
  }
  return codes;
}

std::string Printable(std::string_view text) {
  std::string out(text);
  for (size_t at = 0; at < out.size();) {
    const CodePoint point = ReadCodePoint(out, at);
    const bool notation = point.code == '[' && at > 0 && out[at - 1] == '[';
    if (!point.valid || IsControl(point.code) || notation) {
      std::fill_n(out.begin() + static_cast<ptrdiff_t>(at), point.size, ' ');
    }
    at += point.size;
  }
  return out;
}

}  // namespace parley::piper
