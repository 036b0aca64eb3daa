#include "cosyvoice2/voice/voice_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "cosyvoice2/config/model_config.h"
#include "cosyvoice2/text/tokenizer.h"
#include "cosyvoice2/voice/prompt_audio.h"
#include "cosyvoice2/voice/voice_encoder.h"
#include "cosyvoice2/voice/voice_library.h"

namespace parley::cosyvoice2 {
namespace {

namespace fs = std::filesystem;

constexpr char kUsage[] =
    "usage: parley-engine-cosyvoice2 voice add NAME --model DIR --audio FILE [--text TEXT]\n"
    "         [--replace]\n"
    "       parley-engine-cosyvoice2 voice list --model DIR [--json]\n"
    "       parley-engine-cosyvoice2 voice rm NAME --model DIR\n"
    "  --text   what the recording says, word for word; without it the voice speaks, but does not\n"
    "           go on in the recording's manner\n";
constexpr int64_t kRecordingMsMax = 600'000;
constexpr size_t kNameBytesMax = 64;
constexpr double kTokensASecond = 25;

struct Arguments {
  std::string_view action;
  NewVoice voice;
  bool as_json = false;
};

// False: `option` is not one of those of the action that have a value.
bool SetValue(std::string_view option, std::string_view value, Arguments& arguments) {
  const bool adds = arguments.action == "add";
  if (option == "--model") {
    arguments.voice.model = value;
  } else if (adds && option == "--audio") {
    arguments.voice.audio = value;
  } else if (adds && option == "--text") {
    arguments.voice.transcript = value;
  } else {
    return false;
  }
  return true;
}

// Takes the word at `i`, with its value if it has one; false: it does not belong there.
bool TakeWord(std::span<const std::string_view> words, size_t& i, Arguments& arguments) {
  const std::string_view word = words[i];
  if (!word.starts_with("--")) {
    if (arguments.action == "list" || !arguments.voice.name.empty()) return false;
    arguments.voice.name = word;
    return true;
  }
  if (word == "--replace" && arguments.action == "add") {
    arguments.voice.replace = true;
    return true;
  }
  if (word == "--json" && arguments.action == "list") {
    arguments.as_json = true;
    return true;
  }
  return i + 1 < words.size() && SetValue(word, words[++i], arguments);
}

std::optional<Arguments> Read(std::span<const std::string_view> words) {
  Arguments arguments;
  if (words.empty()) return std::nullopt;
  arguments.action = words[0];
  const bool lists = arguments.action == "list";
  if (!lists && arguments.action != "add" && arguments.action != "rm") return std::nullopt;
  for (size_t i = 1; i < words.size(); ++i) {
    if (!TakeWord(words, i, arguments)) return std::nullopt;
  }
  const NewVoice& voice = arguments.voice;
  if (voice.model.empty() || lists != voice.name.empty()) return std::nullopt;
  if (arguments.action == "add" && voice.audio.empty()) return std::nullopt;
  return arguments;
}

// A name becomes that of a file, is typed, and stands in lists with commas.
Status CheckName(std::string_view name) {
  const bool fits = !name.empty() && name.size() <= kNameBytesMax && name.front() != '.' &&
                    name.front() != '-' &&
                    std::all_of(name.begin(), name.end(), [](unsigned char c) {
                      return c >= 0x80 || std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
                    });
  if (fits) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("'{}' is no name for a voice: it has 1 to {} bytes of letters, digits, "
                          "'.', '_' and '-', and does not begin with '.' or '-'",
                          name.substr(0, 2 * kNameBytesMax), kNameBytesMax));
}

Status CheckModel(const fs::path& model) {
  std::error_code ignored;
  if (fs::is_directory(model, ignored)) return {};
  return Fail(Code::kNotFound, fmt::format("there is no model folder '{}'", model.string()));
}

std::string_view ModeName(const VoicePrompt& prompt) {
  switch (OwnMode(prompt)) {
    case SpeechMode::kZeroShot:
      return "zero-shot";
    case SpeechMode::kCrossLingual:
      return "cross-lingual";
    case SpeechMode::kInstruct:
      return "instruct";
    case SpeechMode::kSpeaker:
      return "speaker";
  }
  return "";
}

int ExitCodeOf(const Error& error) {
  return error.code == Code::kNotFound ? 3 : error.code == Code::kInvalidArgument ? 2 : 1;
}

Result<std::string> Run(const Arguments& arguments) {
  const NewVoice& voice = arguments.voice;
  if (arguments.action == "list") return DescribeVoices(voice.model, arguments.as_json);
  if (arguments.action == "rm") {
    PARLEY_TRY_STATUS(RemoveVoice(voice.model, voice.name));
    return fmt::format("{} is removed\n", voice.name);
  }
  PARLEY_TRY(const auto said, AddVoice(voice));
  return fmt::format("{}\n", fmt::join(said, "\n"));
}

}  // namespace

Result<std::vector<std::string>> AddVoice(const NewVoice& voice) {
  PARLEY_TRY_STATUS(CheckName(voice.name));
  PARLEY_TRY_STATUS(CheckModel(voice.model));
  const fs::path out = PromptFile(voice.model, voice.name);
  std::error_code error;
  if (!voice.replace && fs::exists(out, error)) {
    return Fail(Code::kAlreadyExists,
                fmt::format("there is a voice '{}' already; --replace puts this one in its place",
                            voice.name));
  }
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
  fs::create_directories(out.parent_path(), error);
  PARLEY_TRY_STATUS(SavePrompt(out, prompt));
  std::vector<std::string> said = std::move(prepared.warnings);
  said.push_back(fmt::format("{}: {:.1f} s, {} speech tokens, {:.1f} dBFS, {} ms of silence cut",
                             voice.name, speech_s, prompt.speech_tokens.size(), prepared.level_dbfs,
                             prepared.cut_ms));
  return said;
}

Result<std::string> DescribeVoices(const fs::path& model, bool as_json) {
  PARLEY_TRY_STATUS(CheckModel(model));
  PARLEY_TRY(const VoiceLibrary library, VoiceLibrary::Load(model));
  auto json = nlohmann::json::array();
  std::string text = fmt::format("{:<20} {:>8}  {:<14} {}\n", "VOICE", "PROMPT", "MODE", "STYLES");
  for (const auto& [name, prompt] : library.voices()) {
    const double seconds = static_cast<double>(prompt.speech_tokens.size()) / kTokensASecond;
    const std::vector<std::string> styles = library.StylesOf(name);
    const bool is_default = name == library.default_voice();
    json.push_back({{"name", name},
                    {"seconds", seconds},
                    {"mode", ModeName(prompt)},
                    {"transcript", prompt.transcript},
                    {"styles", styles},
                    {"default", is_default}});
    text += fmt::format("{:<20} {:>6.1f} s  {:<14} {}{}\n", name, seconds, ModeName(prompt),
                        fmt::join(styles, ", "), is_default ? " (the default voice)" : "");
  }
  if (!as_json) return text;
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Status RemoveVoice(const fs::path& model, std::string_view name) {
  PARLEY_TRY_STATUS(CheckName(name));
  PARLEY_TRY_STATUS(CheckModel(model));
  PARLEY_TRY(const VoiceLibrary library, VoiceLibrary::Load(model));
  PARLEY_TRY_STATUS(library.Choose(name, "", ""));
  const fs::path file = PromptFile(model, name);
  std::error_code error;
  if (!fs::exists(file, error)) {
    return Fail(Code::kFailedPrecondition,
                fmt::format("voice '{}' stands in spk2info.pt, which is the model's own", name));
  }
  if (const auto rest = VoiceLibrary::LoadWithout(model, name); !rest) {
    return Fail(Code::kFailedPrecondition,
                fmt::format("voice '{}' is still needed: {}", name, rest.error().message));
  }
  if (fs::remove(file, error)) return {};
  return Fail(Code::kPermissionDenied,
              fmt::format("cannot remove '{}': {}", file.string(), error.message()));
}

int RunVoiceCommand(std::span<const std::string_view> arguments) {
  const std::optional<Arguments> read = Read(arguments);
  if (!read) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  const auto said = Run(*read);
  if (!said) {
    fmt::print(stderr, "parley-engine-cosyvoice2: {}\n", said.error().message);
    return ExitCodeOf(said.error());
  }
  fmt::print("{}", *said);
  return 0;
}

}  // namespace parley::cosyvoice2
