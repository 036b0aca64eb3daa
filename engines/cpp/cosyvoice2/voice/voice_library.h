// The voices of a model folder, and the styles in which they speak:
//   spk2info.pt         the official file of voices, if there is one
//   voices/NAME.voice   prompts that `voice add` made (voice/voice_prompt.h); these come before
//   voices.toml         which voice is the default, and what styles mean:
//     default = "anna"
//     [styles.happy]                # for every voice
//     instruct = "Speak happily."
//     [voices.anna.styles.sad]      # for one; comes before a style for all
//     prompt = "anna-sad"           # another voice, whose prompt sounds so
// Every voice has the style "neutral", which is its own manner unless the file says another.
// Immutable, thread-safe.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/voice/speech_request.h"
#include "cosyvoice2/voice/spk2info.h"
#include "cosyvoice2/voice/voice_prompt.h"

namespace parley::cosyvoice2 {

// What a style means: exactly one of the two.
struct Style {
  std::string instruct;
  std::string prompt;  // name of a voice
};
using Styles = std::map<std::string, Style, std::less<>>;

struct VoiceChoice {
  const VoicePrompt* prompt = nullptr;  // the library's
  SpeechMode mode = SpeechMode::kZeroShot;
  std::string instruct;
};

// How a voice speaks when nothing is asked of it.
SpeechMode OwnMode(const VoicePrompt& prompt);

// Where the prompt of voice `name` is kept.
std::filesystem::path PromptFile(const std::filesystem::path& model_folder, std::string_view name);

class VoiceLibrary {
 public:
  // All that is there; a folder without voices is a library without any. kDataLoss,
  // kInvalidArgument: a file that is broken, or a style that leads nowhere, by name.
  static Result<VoiceLibrary> Load(const std::filesystem::path& model_folder);

  // The same as it would be without voices/`name`.voice.
  static Result<VoiceLibrary> LoadWithout(const std::filesystem::path& model_folder,
                                          std::string_view name);

  // `toml` is that of voices.toml. Pure.
  static Result<VoiceLibrary> Create(Voices voices, std::string_view toml);

  // "" asks for the default voice, and for no style. `instruct` comes before a style. kNotFound
  // lists the voices, or the voice's styles, that there are.
  Result<VoiceChoice> Choose(std::string_view voice, std::string_view style,
                             std::string_view instruct) const;

  std::vector<std::string> names() const;
  const Voices& voices() const { return voices_; }
  const std::string& default_voice() const { return default_voice_; }
  // Of the default voice, if `voice` is empty.
  std::vector<std::string> StylesOf(std::string_view voice) const;
  bool HasStyle(std::string_view voice, std::string_view style) const;
  // kNotFound lists the styles that there are, if no voice has this one.
  Status CheckStyle(std::string_view style) const;

 private:
  Status CheckStyles() const;
  const Style* FindStyle(std::string_view voice, std::string_view style) const;
  std::string_view NameOr(std::string_view voice) const {
    return voice.empty() ? std::string_view(default_voice_) : voice;
  }

  Voices voices_;
  std::string default_voice_;
  Styles styles_;
  std::map<std::string, Styles, std::less<>> styles_by_voice_;
};

}  // namespace parley::cosyvoice2
