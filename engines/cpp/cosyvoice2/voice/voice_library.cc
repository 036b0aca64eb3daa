#include "cosyvoice2/voice/voice_library.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <set>
#include <system_error>

#include "base/file.h"

namespace parley::cosyvoice2 {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTomlBytesMax = 1 << 20;
constexpr size_t kVoicesMax = 10'000;
constexpr std::string_view kNeutral = "neutral";
constexpr std::string_view kFolder = "voices";
constexpr std::string_view kExtension = ".voice";

tl::unexpected<Error> Wrong(std::string_view what) {
  return Fail(Code::kInvalidArgument, fmt::format("voices.toml: {}", what));
}

Result<Style> ReadStyle(const toml::node& node, std::string_view name) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return Wrong(fmt::format("style '{}' is no table", name));
  Style style;
  style.instruct = (*table)["instruct"].value_or(std::string());
  style.prompt = (*table)["prompt"].value_or(std::string());
  if (table->size() != 1 || style.instruct.empty() == style.prompt.empty()) {
    return Wrong(
        fmt::format("style '{}' must have an instruct or a prompt, and nothing else", name));
  }
  return style;
}

Result<Styles> ReadStyles(const toml::node_view<const toml::node>& node) {
  Styles styles;
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    if (node) return Wrong("'styles' is no table");
    return styles;
  }
  for (const auto& [name, entry] : *table) {
    PARLEY_TRY(Style style, ReadStyle(entry, name.str()));
    styles.emplace(name.str(), std::move(style));
  }
  return styles;
}

// All but that of voice `without`.
Status AddPromptFiles(const fs::path& folder, std::string_view without, Voices& voices) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path name = entry.path().stem();
    if (entry.path().extension() != kExtension || name == without) continue;
    if (voices.size() >= kVoicesMax) {
      return Fail(Code::kOutOfRange,
                  fmt::format("'{}' has more than {} voices", folder.string(), kVoicesMax));
    }
    PARLEY_TRY(VoicePrompt prompt, LoadPrompt(entry.path()));
    voices.insert_or_assign(name.string(), std::move(prompt));
  }
  return {};
}

std::string List(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

SpeechMode OwnMode(const VoicePrompt& prompt) {
  if (prompt.speech_tokens.empty()) return SpeechMode::kSpeaker;
  const bool told = !prompt.transcript.empty() || !prompt.text_tokens.empty();
  return told ? SpeechMode::kZeroShot : SpeechMode::kCrossLingual;
}

fs::path PromptFile(const fs::path& model_folder, std::string_view name) {
  return model_folder / kFolder / fmt::format("{}{}", name, kExtension);
}

Result<VoiceLibrary> VoiceLibrary::Load(const fs::path& model_folder) {
  return LoadWithout(model_folder, "");
}

Result<VoiceLibrary> VoiceLibrary::LoadWithout(const fs::path& model_folder,
                                               std::string_view name) {
  Voices voices;
  std::error_code error;
  if (fs::exists(model_folder / "spk2info.pt", error)) {
    PARLEY_TRY(voices, LoadSpk2info(model_folder / "spk2info.pt"));
  }
  PARLEY_TRY_STATUS(AddPromptFiles(model_folder / kFolder, name, voices));
  std::string text;
  if (fs::exists(model_folder / "voices.toml", error)) {
    PARLEY_TRY(text, ReadFile(model_folder / "voices.toml", kTomlBytesMax));
  }
  return Create(std::move(voices), text);
}

Result<VoiceLibrary> VoiceLibrary::Create(Voices voices, std::string_view text) {
  VoiceLibrary library;
  library.voices_ = std::move(voices);
  try {
    const toml::table table = toml::parse(text);
    const toml::table& constant = table;
    library.default_voice_ = constant["default"].value_or(std::string());
    PARLEY_TRY(library.styles_, ReadStyles(constant["styles"]));
    if (const toml::table* by_voice = constant["voices"].as_table()) {
      for (const auto& [name, entry] : *by_voice) {
        const toml::node& node = entry;
        PARLEY_TRY(Styles styles, ReadStyles(toml::node_view<const toml::node>(node)["styles"]));
        library.styles_by_voice_.emplace(name.str(), std::move(styles));
      }
    }
  } catch (const toml::parse_error& error) {
    return Wrong(fmt::format("line {}: {}", error.source().begin.line, error.description()));
  }
  PARLEY_TRY_STATUS(library.CheckStyles());
  if (library.default_voice_.empty() && !library.voices_.empty()) {
    library.default_voice_ = library.voices_.begin()->first;
  }
  return library;
}

Status VoiceLibrary::CheckStyles() const {
  std::vector<std::string> asked;  // voices that the file speaks of
  if (!default_voice_.empty()) asked.push_back(default_voice_);
  const auto add = [&](const Styles& styles) {
    for (const auto& [name, style] : styles) {
      if (!style.prompt.empty()) asked.push_back(style.prompt);
    }
  };
  add(styles_);
  for (const auto& [name, styles] : styles_by_voice_) {
    asked.push_back(name);
    add(styles);
  }
  for (const std::string& name : asked) {
    if (voices_.contains(name)) continue;
    return Wrong(fmt::format("there is no voice '{}'; there are: {}", name, List(names())));
  }
  return {};
}

const Style* VoiceLibrary::FindStyle(std::string_view voice, std::string_view style) const {
  const auto own = styles_by_voice_.find(voice);
  if (own != styles_by_voice_.end()) {
    const auto found = own->second.find(style);
    if (found != own->second.end()) return &found->second;
  }
  const auto found = styles_.find(style);
  return found == styles_.end() ? nullptr : &found->second;
}

Result<VoiceChoice> VoiceLibrary::Choose(std::string_view voice, std::string_view style,
                                         std::string_view instruct) const {
  const std::string_view name = NameOr(voice);
  auto found = voices_.find(name);
  if (found == voices_.end()) {
    return Fail(Code::kNotFound,
                fmt::format("there is no voice '{}'; there are: {}", name, List(names())));
  }
  if (!instruct.empty()) {
    return VoiceChoice{&found->second, SpeechMode::kInstruct, std::string(instruct)};
  }
  const Style* meant = FindStyle(name, style);
  if (style.empty() || (meant == nullptr && style == kNeutral)) {
    return VoiceChoice{&found->second, OwnMode(found->second), ""};
  }
  if (meant == nullptr) {
    return Fail(Code::kNotFound, fmt::format("voice '{}' has no style '{}'; it has: {}", name,
                                             style, List(StylesOf(name))));
  }
  if (!meant->instruct.empty()) {
    return VoiceChoice{&found->second, SpeechMode::kInstruct, meant->instruct};
  }
  const VoicePrompt& other = voices_.at(meant->prompt);
  return VoiceChoice{&other, OwnMode(other), ""};
}

std::vector<std::string> VoiceLibrary::names() const {
  std::vector<std::string> names;
  for (const auto& [name, unused] : voices_) names.push_back(name);
  return names;
}

std::vector<std::string> VoiceLibrary::StylesOf(std::string_view voice) const {
  std::set<std::string> names = {std::string(kNeutral)};
  for (const auto& [name, unused] : styles_) names.insert(name);
  const auto own = styles_by_voice_.find(NameOr(voice));
  if (own != styles_by_voice_.end()) {
    for (const auto& [name, unused] : own->second) names.insert(name);
  }
  return {names.begin(), names.end()};
}

bool VoiceLibrary::HasStyle(std::string_view voice, std::string_view style) const {
  return style == kNeutral || FindStyle(NameOr(voice), style) != nullptr;
}

Status VoiceLibrary::CheckStyle(std::string_view style) const {
  std::set<std::string> known;
  for (const auto& [name, unused] : voices_) {
    if (HasStyle(name, style)) return {};
    const std::vector<std::string> styles = StylesOf(name);
    known.insert(styles.begin(), styles.end());
  }
  return Fail(Code::kNotFound, fmt::format("no voice has the style '{}'; there are: {}", style,
                                           List({known.begin(), known.end()})));
}

}  // namespace parley::cosyvoice2
