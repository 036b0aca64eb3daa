// What a voice is to the models: a few seconds of it as speech tokens, as mel frames and as an
// embedding, and what it says there. Made from sound by voice/voice_encoder.h, read from an
// official spk2info.pt by voice/spk2info.h, kept in a file of our own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace parley::cosyvoice2 {

struct VoicePrompt {
  static constexpr size_t kMelBands = 80;
  static constexpr size_t kEmbedding = 192;
  static constexpr size_t kFramesAToken = 2;

  std::string transcript;            // empty: not known, or kept as tokens only
  std::vector<int32_t> text_tokens;  // of the transcript, where it was stored so
  std::vector<int32_t> speech_tokens;
  std::vector<float> mel;        // [2 · speech_tokens][80]
  std::vector<float> embedding;  // [192], as the speaker network gives it

  bool operator==(const VoicePrompt&) const = default;
};

// Sizes as above, tokens that are none below 0, numbers that are finite: else kInvalidArgument.
Status CheckPrompt(const VoicePrompt& prompt);

// Errors: as of BlobWriter and BlobFile, and CheckPrompt.
Status SavePrompt(const std::filesystem::path& path, const VoicePrompt& prompt);
Result<VoicePrompt> LoadPrompt(const std::filesystem::path& path);

}  // namespace parley::cosyvoice2
