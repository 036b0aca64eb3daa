// The real models that tests use when they are there.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "whisper/limits.h"

namespace parley::whisper::testing {

// A folder or file below the models cache; empty if it is not there.
inline std::filesystem::path InCache(const std::string& below) {
  const char* cache = std::getenv("PARLEY_CACHE");
  const char* home = std::getenv("HOME");
  const std::filesystem::path root =
      cache != nullptr ? std::filesystem::path(cache)
                       : std::filesystem::path(home != nullptr ? home : "/") / ".cache/parley";
  const std::filesystem::path path = root / "models" / below;
  return std::filesystem::exists(path) ? path : std::filesystem::path();
}

inline std::filesystem::path TinyEn() { return InCache("whisper/tiny.en/ggml-model-q8_0.bin"); }

// The folder that it was imported from, which the cache does not keep.
inline std::filesystem::path TinyEnCt2() {
  const char* folder = std::getenv("PARLEY_WHISPER_CT2");
  return folder != nullptr ? std::filesystem::path(folder) : std::filesystem::path();
}

// 11 s of speech at 16 kHz: "And so my fellow Americans …"; empty if the file is not there.
inline std::vector<float> Jfk() {
  const auto bytes = ReadFile(PARLEY_SOURCE_DIR "/tests/data/jfk_16k.wav", 1 << 20);
  constexpr size_t kWavHeader = 44;
  if (!bytes || bytes->size() < kWavHeader) return {};
  std::vector<float> pcm;
  for (size_t at = kWavHeader; at + 1 < bytes->size(); at += 2) {
    const auto low = static_cast<unsigned char>((*bytes)[at]);
    const auto high = static_cast<signed char>((*bytes)[at + 1]);
    pcm.push_back(static_cast<float>(high * 256 + low) / 32768.0F);
  }
  return pcm;
}

}  // namespace parley::whisper::testing
