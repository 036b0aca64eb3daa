#include "whisper/vocabulary.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace parley::whisper {
namespace {

constexpr size_t kTokensMax = 100'000;
// The longest line of the published vocabularies is 256 bytes; whisper.cpp's tools allow 128.
constexpr size_t kTokenBytesMax = 1024;
constexpr std::string_view kEndOfText = "<|endoftext|>";

bool StandsForItself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

// byte_of[code point], −1 where there is none: printable bytes are their own code points, the other
// 68, in ascending order, are U+0100 and up.
std::array<int16_t, 0x144> ByteOfCodePoint() {
  std::array<int16_t, 0x144> byte_of;
  byte_of.fill(-1);
  int next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    byte_of[StandsForItself(byte) ? byte : next++] = static_cast<int16_t>(byte);
  }
  return byte_of;
}

// All code points of the alphabet are below U+0800: one or two bytes of UTF-8 each. −1 if it is not
// one of them; advances `line`.
int NextByte(std::string_view& line) {
  static const std::array<int16_t, 0x144> kByteOf = ByteOfCodePoint();
  const auto first = static_cast<unsigned char>(line[0]);
  if (first < 0x80) {
    line.remove_prefix(1);
    return kByteOf[first];
  }
  if (line.size() < 2 || (first & 0xE0) != 0xC0) return -1;
  const auto second = static_cast<unsigned char>(line[1]);
  if ((second & 0xC0) != 0x80) return -1;
  const unsigned code_point = (first & 0x1Fu) << 6 | (second & 0x3Fu);
  line.remove_prefix(2);
  return code_point < kByteOf.size() ? kByteOf[code_point] : -1;
}

}  // namespace

Result<std::vector<std::string>> ReadVocabulary(std::string_view text) {
  std::vector<std::string> tokens;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line == kEndOfText) return tokens;
    if (tokens.size() == kTokensMax || line.size() > kTokenBytesMax) {
      return Fail(Code::kDataLoss,
                  fmt::format("line {} of the vocabulary is over its limits: {} tokens of {} bytes",
                              tokens.size() + 1, kTokensMax, kTokenBytesMax));
    }
    std::string token;
    while (!line.empty()) {
      const int byte = NextByte(line);
      if (byte < 0) {
        return Fail(
            Code::kDataLoss,
            fmt::format("line {} of the vocabulary is not in the byte alphabet of GPT-2; is "
                        "it a vocabulary.txt of a Whisper model?",
                        tokens.size() + 1));
      }
      token.push_back(static_cast<char>(byte));
    }
    tokens.push_back(std::move(token));
  }
  return Fail(Code::kDataLoss,
              fmt::format("the vocabulary of {} lines ends without {}", tokens.size(), kEndOfText));
}

}  // namespace parley::whisper
