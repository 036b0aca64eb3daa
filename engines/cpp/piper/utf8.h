// UTF-8 that may be broken, read code point by code point. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::piper {

struct CodePoint {
  char32_t code = 0;   // 0xfffd where the bytes are not UTF-8
  size_t size = 1;     // bytes taken: 1…4
  bool valid = false;  // overlong forms, surrogates and what is beyond U+10FFFF are not
};

// The code point at `at`, which must be less than text.size().
CodePoint ReadCodePoint(std::string_view text, size_t at);

// All of them; broken bytes are left out.
std::u32string CodePoints(std::string_view text);

// The text with everything that is not to be spoken overwritten by spaces, so that byte offsets
// stay: control characters but line breaks and tabs, broken bytes, and the second bracket of "[[",
// which would start espeak-ng's phoneme notation.
std::string Printable(std::string_view text);

}  // namespace parley::piper
