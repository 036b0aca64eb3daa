// Text from outside made safe to handle: valid UTF-8, composed (NFC), without the characters that
// only steer a screen.
//
// Dropped: bytes that are no UTF-8, control characters (tab and line ends become spaces), marks of
// direction, soft hyphens, byte order marks, invisible tags, private use, code points that are no
// characters. Joiners (U+200C, U+200D) stay: several scripts need them. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "text/span_map.h"

namespace parley::text {

bool IsValidUtf8(std::string_view text);

struct Cleaned {
  std::string text;
  SpanMap spans;  // text → the bytes given
};

Cleaned Clean(std::string_view bytes);

}  // namespace parley::text
