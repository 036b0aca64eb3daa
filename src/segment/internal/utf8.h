// Walking UTF-8 that may be cut or wrong, and the few classes of characters that segmentation
// needs.
#pragma once

#include <cstddef>
#include <string_view>

namespace parley::segment {

struct CodePoint {
  char32_t value = 0;
  size_t bytes = 0;   // 0: the bytes seen so far begin a character that is not complete
  bool valid = true;  // else one byte to step over
};

// The code point at `at` (< text.size()). Overlong forms, surrogates and values past U+10FFFF are
// wrong bytes.
CodePoint DecodeAt(std::string_view text, size_t at);

bool IsSpace(char32_t c);          // also line breaks, no-break and ideographic spaces
bool IsLetterOrDigit(char32_t c);  // anything a voice could say; wide: all that is not known else
bool IsEmoji(char32_t c);          // also joiners, variation selectors and skin tones
bool IsCjk(char32_t c);            // written without spaces between words
bool IsCloser(char32_t c);         // quotes, brackets and markup that follow a sentence's end

}  // namespace parley::segment
