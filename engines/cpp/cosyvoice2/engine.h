// The CosyVoice 2 engine: serves text-to-speech streams of the engine protocol from an official
// model folder. Text is normalized and cut as the official front end does it; each segment is an
// utterance of the language model, and sound leaves hop by hop.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cosyvoice2/config/model_config.h"
#include "cosyvoice2/engine_options.h"
#include "cosyvoice2/stream/prompt_caches.h"
#include "cosyvoice2/stream/speech.h"
#include "cosyvoice2/text/text_frontend.h"
#include "cosyvoice2/text/tokenizer.h"
#include "cosyvoice2/voice/speech_request.h"
#include "cosyvoice2/voice/voice_encoder.h"
#include "cosyvoice2/voice/voice_library.h"
#include "engine/sdk.h"

namespace parley::cosyvoice2 {

class Engine final : public engine::TtsModel {
 public:
  Result<engine::Loaded> Load(const engine::Load& load, engine::LoadProgress& progress) override;
  Status Speak(const engine::TtsStart& start, engine::TtsStream& stream) override;

 private:
  class Lease;
  // How one stream is spoken.
  struct Manner {
    VoiceChoice choice;
    VoicePrompt own;  // where the stream brought its own voice: what `choice` points to
    FlowPrompt flow;
    std::shared_ptr<const PromptCache> cache;  // may be null
    double speed = 1;
    uint64_t seed = 0;
  };

  Status LoadModels(engine::LoadProgress& progress);
  Status WarmUp();
  Result<std::unique_ptr<Manner>> MakeManner(const engine::TtsStart& start, nn::Executor& executor);
  Result<VoicePrompt> Imitate(const engine::Prompt& prompt);
  Result<SpeechRequest> Tokenize(const VoicePrompt& prompt, const SpeechWish& wish,
                                 std::string_view segment) const;
  Status SpeakText(const Manner& manner, std::string_view text, Speech& speech,
                   engine::TtsStream& stream);
  Speech* Take();
  void GiveBack(Speech* speech);

  EngineOptions options_;
  std::filesystem::path folder_;
  ModelConfig config_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<TextFrontend> frontend_;
  std::unique_ptr<Lm> lm_;
  std::unique_ptr<Flow> flow_;
  std::unique_ptr<Hift> hift_;
  std::unique_ptr<LmBatcher> batcher_;  // null: each stream reads alone
  std::unique_ptr<PromptCaches> caches_;
  VoiceLibrary voices_;

  std::mutex encoder_mutex_;
  std::unique_ptr<VoiceEncoder> encoder_;  // once a stream has brought its own voice

  std::mutex mutex_;  // of who has which Speech
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Speech>> speeches_;
  std::vector<Speech*> free_;
};

engine::EngineInfo Info();

}  // namespace parley::cosyvoice2
