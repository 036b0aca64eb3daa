#include "cosyvoice2/voice/voice_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "cosyvoice2/config/model_config.h"
#include "cosyvoice2/text/tokenizer.h"
#include "cosyvoice2/voice/prompt_audio.h"
#include "cosyvoice2/voice/voice_encoder.h"

namespace parley::cosyvoice2 {
namespace {

constexpr char kUsage[] =
    "usage: parley-engine-cosyvoice2 voice --model DIR --audio FILE [--text TEXT] --out FILE\n"
    "  --text   what the recording says, word for word; without it the voice speaks, but does not\n"
    "           go on in the recording's manner\n";
constexpr int64_t kRecordingMsMax = 600'000;

std::optional<NewVoice> Read(std::span<const std::string_view> arguments) {
  NewVoice voice;
  if (arguments.size() % 2 != 0) return std::nullopt;
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const std::string_view value = arguments[i + 1];
    if (arguments[i] == "--model") {
      voice.model = value;
    } else if (arguments[i] == "--audio") {
      voice.audio = value;
    } else if (arguments[i] == "--text") {
      voice.transcript = value;
    } else if (arguments[i] == "--out") {
      voice.out = value;
    } else {
      return std::nullopt;
    }
  }
  if (voice.model.empty() || voice.audio.empty() || voice.out.empty()) return std::nullopt;
  return voice;
}

}  // namespace

Result<std::vector<std::string>> MakeVoice(const NewVoice& voice) {
  audio::AudioFileLimits limits;
  limits.duration_ms_max = kRecordingMsMax;
  PARLEY_TRY(const audio::AudioClip clip, audio::ReadAudioFile(voice.audio, limits));
  PARLEY_TRY(PreparedAudio prepared, PreparePromptAudio(clip));
  PARLEY_TRY(const ModelConfig config, LoadModelConfig(voice.model));
  PARLEY_TRY(const auto tokenizer, Tokenizer::Load(voice.model / "CosyVoice-BlankEN"));
  const double speech_s = static_cast<double>(prepared.clip.duration_ms()) / 1000;
  PARLEY_TRY_STATUS(CheckTranscript(tokenizer->Encode(voice.transcript).size(), speech_s));
  VoiceEncoder::Config encoder_config;
  encoder_config.speech_tokens = config.llm.speech_tokens;
  PARLEY_TRY(const auto encoder, VoiceEncoder::Load(voice.model, encoder_config));
  PARLEY_TRY(const VoicePrompt prompt, encoder->Encode(prepared.clip, voice.transcript));
  PARLEY_TRY_STATUS(SavePrompt(voice.out, prompt));
  std::vector<std::string> said = std::move(prepared.warnings);
  said.push_back(fmt::format("{}: {:.1f} s, {} speech tokens, {:.1f} dBFS, {} ms of silence cut",
                             voice.out.string(), speech_s, prompt.speech_tokens.size(),
                             prepared.level_dbfs, prepared.cut_ms));
  return said;
}

int RunVoiceCommand(std::span<const std::string_view> arguments) {
  const std::optional<NewVoice> voice = Read(arguments);
  if (!voice) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  const auto said = MakeVoice(*voice);
  if (!said) {
    fmt::print(stderr, "parley-engine-cosyvoice2: {}\n", said.error().message);
    return 1;
  }
  for (const std::string& line : *said) fmt::print("{}\n", line);
  return 0;
}

}  // namespace parley::cosyvoice2
