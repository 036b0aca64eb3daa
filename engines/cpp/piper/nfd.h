// Canonical decomposition of code points, as Piper's training applied it to phonemes: "ç" is two
// symbols to a voice. Latin, Greek and Cyrillic (up to U+1FFF) and Hangul; the engine has no ICU.
// Pure.
#pragma once

#include <string>

namespace parley::piper {

// Appends the decomposition of `code`, or `code` itself.
void AppendNfd(char32_t code, std::u32string& out);

}  // namespace parley::piper
