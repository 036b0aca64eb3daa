// How vocab.json and merges.txt write bytes: as characters that can be seen, those of Latin-1 that
// can stand for themselves, the others in order from U+0100 on (GPT-2). Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::cosyvoice2 {

// 0x20 → "Ġ", 'a' → "a".
const std::string& ByteCharacter(uint8_t byte);

// All of them: " the" → "Ġthe".
std::string ShowBytes(std::string_view bytes);

}  // namespace parley::cosyvoice2
