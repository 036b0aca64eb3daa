#include "base/base64.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

namespace parley {

std::string Base64Encode(std::span<const uint8_t> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  // EVP_EncodeBlock writes a final NUL, for which std::string has room.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                  static_cast<int>(bytes.size()));
  return text;
}

Result<std::vector<uint8_t>> Base64Decode(std::string_view text) {
  if (text.size() % 4 != 0) {
    return Fail(Code::kInvalidArgument,
                fmt::format("base64 of {} characters; its length must divide by 4", text.size()));
  }
  // EVP_DecodeBlock skips white space at the ends, so the alphabet is checked first.
  const size_t end = std::min(text.size(), text.find('='));
  const auto bad = std::find_if(text.begin(), text.begin() + end, [](char c) {
    return !((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
             c == '+' || c == '/');
  });
  const size_t padding = text.size() - end;
  if (bad != text.begin() + end || padding > 2 || text.substr(end) != std::string(padding, '=')) {
    return Fail(Code::kInvalidArgument,
                fmt::format("not base64 at character {}", bad - text.begin()));
  }
  std::vector<uint8_t> bytes(text.size() / 4 * 3);
  const int count =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (count < 0) return Fail(Code::kInvalidArgument, "not base64");
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace parley
