// The piper engine: serves text-to-speech streams of the engine protocol with one Piper voice.
// Sound leaves piece by piece; every word has a mark; a stream that is cancelled ends within one
// graph node. Text is spoken as it comes: normalization is the worker's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/sdk.h"
#include "piper/phonemizer.h"
#include "piper/synthesizer.h"
#include "piper/voice.h"

namespace parley::piper {

// Load options, all optional:
//   threads            of one run (1 to 64; default: half of the cores, at least 1, at most 2)
//   slots              streams at once (1 to 64; default 4)
//   whole_sentences    true: never below the sentence (default false)
//   flow_context       frames of context where less than exact will do; 0 (default): exact
//   decoder_context    the same of the decoder
class PiperModel final : public engine::TtsModel {
 public:
  // `espeak_data_dir` is the folder espeak-ng-data.
  explicit PiperModel(std::string espeak_data_dir) : espeak_data_dir_(std::move(espeak_data_dir)) {}

  Result<engine::Loaded> Load(const engine::Load& load, engine::LoadProgress& progress) override;
  Status Speak(const engine::TtsStart& start, engine::TtsStream& stream) override;

 private:
  class Utterance;

  Status WarmUp(const Synthesizer& synthesizer) const;
  Result<SpeechSettings> Settings(const engine::TtsStart& start) const;

  const std::string espeak_data_dir_;
  std::string name_;  // the model file's, without ".onnx"
  Voice voice_;
  std::unique_ptr<Phonemizer> phonemizer_;
  std::unique_ptr<Synthesizer> synthesizer_;
};

// The first bytes of `text` from `at` that are phonemized together: up to about 2 KB, ending after
// a sentence if there is one, else after a space, always after a whole character. So a long text is
// heard at once and takes no more memory than a short one. Pure.
size_t NextBlock(std::string_view text, size_t at);

}  // namespace parley::piper
