#include "cosyvoice2/text/byte_characters.h"

#include <array>

#include "text/unicode.h"

namespace parley::cosyvoice2 {
namespace {

std::array<std::string, 256> MakeCharacters() {
  std::array<std::string, 256> characters;
  char32_t free = 0x100;
  for (size_t byte = 0; byte < characters.size(); ++byte) {
    const bool shown =
        (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    text::AppendUtf8(shown ? static_cast<char32_t>(byte) : free++, characters[byte]);
  }
  return characters;
}

}  // namespace

const std::string& ByteCharacter(uint8_t byte) {
  static const std::array<std::string, 256> characters = MakeCharacters();
  return characters[byte];
}

std::string ShowBytes(std::string_view bytes) {
  std::string shown;
  for (const char byte : bytes) shown += ByteCharacter(static_cast<uint8_t>(byte));
  return shown;
}

}  // namespace parley::cosyvoice2
