// Names of things on the wire: a prefix that says what, then random characters that nobody guesses.
// Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace parley::realtime {

// NewId("item") → "item_9fK2…", 20 characters of [0-9A-Za-z], about 119 bits.
std::string NewId(std::string_view prefix);

}  // namespace parley::realtime
