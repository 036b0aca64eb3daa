// Cuts text into the pieces within which byte-pair encoding may join, as Qwen2's tokenizer does.
// The same as matching, over and over,
//   (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|
//   \s*[\r\n]+|\s+(?!\S)|\s+
// (tokenizer_config of Qwen2), written out, since every character belongs to exactly one piece.
// Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace parley::cosyvoice2 {

// Where the piece that begins at `from` ends: more than `from`, which must be within the text.
size_t PieceEnd(std::u32string_view text, size_t from);

}  // namespace parley::cosyvoice2
