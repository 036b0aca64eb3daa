// Test material of the piper engine: its data folder, an English voice's description, the default
// voice where the models' cache holds it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "piper/voice.h"

namespace parley::piper::testing {

inline std::filesystem::path TestData(std::string_view name) {
  return std::filesystem::path(PARLEY_SOURCE_DIR) / "engines/cpp/piper/testdata" / name;
}

// As en_US-joe-medium describes itself.
inline Voice EnglishVoice() {
  std::stringstream json;
  json << std::ifstream(TestData("en_US-joe-medium.onnx.json")).rdbuf();
  return ParseVoice(json.str()).value();
}

// Where the default voice lies when it was pulled; it may not exist.
inline std::filesystem::path DefaultVoiceFolder() {
  const char* cache = std::getenv("PARLEY_CACHE");
  const char* home = std::getenv("HOME");
  const std::filesystem::path base =
      cache != nullptr ? std::filesystem::path(cache)
                       : std::filesystem::path(home == nullptr ? "" : home) / ".cache/parley";
  return base / "models/piper/en_US-joe-medium";
}

inline std::string ToUtf8(std::u32string_view codes) {
  std::string out;
  for (const char32_t code : codes) {
    const int tail = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static constexpr unsigned kLead[] = {0, 0xc0, 0xe0, 0xf0};
    out.push_back(static_cast<char>(kLead[tail] | code >> (6 * tail)));
    for (int i = tail - 1; i >= 0; --i) {
      out.push_back(static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3f)));
    }
  }
  return out;
}

}  // namespace parley::piper::testing
