// Where a text may be cut, and what is in it, by bytes of UTF-8. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace parley::grammar::internal {

// Whether a character begins at `at`, or the text ends there.
bool IsBoundary(std::string_view text, size_t at);

// Whether there is a decimal figure, of half or full width.
bool HasFigure(std::string_view text);

// The end of the first piece of at most `bytes_max` (≥ 4): all of a text that fits; else behind its
// last sentence, or else its last word, or else its last character.
size_t PieceEnd(std::string_view text, size_t bytes_max);

}  // namespace parley::grammar::internal
