// A Piper voice of a few hundred weights with the structure of a real one: noise of rhythm and
// frames, durations, flow, decoder. It speaks noise, at once; tests need no model file.
#pragma once

#include <filesystem>
#include <string>

namespace parley::piper::testing {

struct TinyVoiceOptions {
  bool can_be_cut = true;     // false: the flow mixes all frames
  bool two_speakers = false;  // an input sid, and a tensor that conditions flow and decoder
};

// 1 to 4 frames an id, 8 samples a frame; its decoder reaches 4 frames around, its flow 2.
std::string TinyVoiceModel(const TinyVoiceOptions& options = {});

// A folder with the model and a description, as a pack has them. 22,050 Hz.
void WriteTinyVoice(const std::filesystem::path& folder, const TinyVoiceOptions& options = {});

}  // namespace parley::piper::testing
