// Where tests find the models of this room: ${PARLEY_CACHE:-~/.cache/parley}/models.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace parley::perception::testing {

inline std::filesystem::path ModelFile(const std::string& name) {
  const char* cache = std::getenv("PARLEY_CACHE");
  const char* home = std::getenv("HOME");
  const std::filesystem::path base =
      cache != nullptr ? std::filesystem::path(cache)
                       : std::filesystem::path(home ? home : "/") / ".cache/parley";
  return base / "models" / name;
}

inline std::filesystem::path SileroFile() { return ModelFile("vad/silero/silero_vad.onnx"); }
inline std::filesystem::path SmartTurnFile() {
  return ModelFile("endpoint/smart-turn-v3.2/smart-turn-v3.2-cpu.onnx");
}

}  // namespace parley::perception::testing
