// Makes a voice's prompt from a recording, by the two ONNX models of the model folder on the CPU:
// speech_tokenizer_v2.onnx (sound to speech tokens) and campplus.onnx (sound to a speaker's
// embedding); and by the flow's mel spectrogram. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "audio/audio_file.h"
#include "base/result.h"
#include "cosyvoice2/voice/voice_prompt.h"

namespace parley::cosyvoice2 {

class VoiceEncoder {
 public:
  struct Config {
    int threads = 2;
    int64_t speech_tokens = 6561;  // tokens must be below
  };

  // kNotFound, kDataLoss: a model that is not there or broken; kUnimplemented: inputs or outputs
  // that differ from the official ones. With the path.
  static Result<std::unique_ptr<VoiceEncoder>> Load(const std::filesystem::path& model_folder,
                                                    const Config& config);
  ~VoiceEncoder();

  // `clip` as it is (voice/prompt_audio.h makes it fit): at least 16 kHz, at most 30 s.
  // kInvalidArgument otherwise; kDataLoss if a model gives what cannot be.
  Result<VoicePrompt> Encode(const audio::AudioClip& clip, std::string_view transcript) const;

 private:
  struct Impl;
  explicit VoiceEncoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whether a transcript may be that of so much speech: kInvalidArgument with the rate, where it has
// fewer than 0.5 or more than 20 tokens a second, since then the voice would swallow or repeat
// words. An empty one (cross-lingual use) is fine.
Status CheckTranscript(size_t text_tokens, double speech_s);

}  // namespace parley::cosyvoice2
