// What a Piper voice says of itself: the .onnx.json beside its .onnx file. Untrusted: every field
// is checked. Immutable once read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::piper {

struct Voice {
  enum class Phonemes { kEspeak, kText };

  int sample_rate_hz = 22050;
  Phonemes phonemes = Phonemes::kEspeak;
  std::string espeak_voice = "en-us";
  std::string language = "en";  // BCP 47: "en-US"
  float noise_scale = 0.667f;   // variation of the sound
  float length_scale = 1.0f;    // 2 is half as fast
  float noise_w = 0.8f;         // variation of the rhythm
  // Symbol (a code point in NFD) → ids.
  std::map<char32_t, std::vector<int64_t>> ids;
  int64_t speaker_count = 1;
  std::map<std::string, int64_t> speakers;  // by name; may be empty

  // The speaker that a request names: one of `speakers`, or its number as text. Empty, "default" or
  // the voice's own name (`model`) mean speaker 0. nullopt for a voice of one speaker, which the
  // graph then has no input for. kNotFound lists what there is.
  Result<std::optional<int64_t>> Speaker(std::string_view name, std::string_view model) const;
};

// kDataLoss names the field that is missing or out of range.
Result<Voice> ParseVoice(std::string_view json);

// Where a voice's files lie.
struct VoiceFiles {
  std::filesystem::path model;   // …/x.onnx
  std::filesystem::path config;  // …/x.onnx.json
};

// `path` is the .onnx file or a folder that holds one. kNotFound says what was looked for;
// kInvalidArgument where several would do.
Result<VoiceFiles> FindVoiceFiles(const std::filesystem::path& path);

}  // namespace parley::piper
