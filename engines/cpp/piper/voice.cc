#include "piper/voice.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "piper/utf8.h"

namespace parley::piper {
namespace {

using Json = nlohmann::json;

constexpr int64_t kIdMax = 1 << 20;
constexpr int64_t kSpeakersMax = 1 << 20;

Error Broken(const std::string& field, const std::string& why) {
  return {Code::kDataLoss, "the voice's .onnx.json: " + field + " " + why};
}

// A number of `object[key]` within [low, high], or `fallback` where the key is absent.
Result<double> Number(const Json& object, const char* key, double fallback, double low,
                      double high) {
  if (!object.is_object() || !object.contains(key)) return fallback;
  const Json& field = object[key];
  const double value = field.is_number() ? field.get<double>() : std::nan("");
  if (value >= low && value <= high) return value;
  return Fail(Broken(key, "is " + field.dump().substr(0, 40) + ", expected a number from " +
                              std::to_string(low) + " to " + std::to_string(high)));
}

const Json& Child(const Json& object, const char* key) {
  static const Json kEmpty = Json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : kEmpty;
}

std::string Text(const Json& object, const char* key, std::string fallback) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : fallback;
}

Status ReadIds(const Json& map, Voice& voice) {
  if (!map.is_object() || map.empty()) return Fail(Broken("phoneme_id_map", "is missing"));
  for (const auto& [symbol, list] : map.items()) {
    const std::u32string codes = CodePoints(symbol);
    if (codes.size() != 1) continue;  // Text reaches the map code point by code point.
    if (!list.is_array()) return Fail(Broken("phoneme_id_map", "of '" + symbol + "' is no list"));
    for (const Json& id : list) {
      if (!id.is_number_integer() || id < 0 || id > kIdMax) {
        return Fail(Broken("phoneme_id_map", "of '" + symbol + "' holds no id"));
      }
      voice.ids[codes[0]].push_back(id.get<int64_t>());
    }
  }
  for (const char32_t needed : {U'^', U'_', U'$'}) {
    if (!voice.ids.contains(needed)) {
      return Fail(
          Broken("phoneme_id_map", std::string("lacks '") + static_cast<char>(needed) + "'"));
    }
  }
  return {};
}

Status ReadSpeakers(const Json& json, Voice& voice) {
  PARLEY_TRY(const double count, Number(json, "num_speakers", 1, 1, kSpeakersMax));
  voice.speaker_count = static_cast<int64_t>(count);
  for (const auto& [name, id] : Child(json, "speaker_id_map").items()) {
    if (!id.is_number_integer() || id < 0 || id >= voice.speaker_count) {
      return Fail(Broken("speaker_id_map", "of '" + name + "' is no speaker"));
    }
    voice.speakers[name] = id.get<int64_t>();
  }
  return {};
}

std::string LanguageOf(const Json& json, const std::string& espeak_voice) {
  std::string code = Text(Child(json, "language"), "code", espeak_voice);
  for (char& c : code) {
    if (c == '_') c = '-';
  }
  return code;
}

}  // namespace

Result<Voice> ParseVoice(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Fail(Code::kDataLoss, "the voice's .onnx.json is not JSON");
  Voice voice;
  PARLEY_TRY(const double rate, Number(Child(json, "audio"), "sample_rate", 22050, 8000, 48000));
  voice.sample_rate_hz = static_cast<int>(rate);
  const std::string kind = Text(json, "phoneme_type", "espeak");
  if (kind != "espeak" && kind != "text") {
    return Fail(Code::kUnimplemented, "the voice's phoneme_type is '" + kind.substr(0, 40) +
                                          "', this engine knows espeak and text");
  }
  voice.phonemes = kind == "text" ? Voice::Phonemes::kText : Voice::Phonemes::kEspeak;
  voice.espeak_voice = Text(Child(json, "espeak"), "voice", "en-us");
  voice.language = LanguageOf(json, voice.espeak_voice);
  const Json& inference = Child(json, "inference");
  PARLEY_TRY(voice.noise_scale, Number(inference, "noise_scale", 0.667, 0, 10));
  PARLEY_TRY(voice.length_scale, Number(inference, "length_scale", 1, 0.05, 20));
  PARLEY_TRY(voice.noise_w, Number(inference, "noise_w", 0.8, 0, 10));
  PARLEY_TRY_STATUS(ReadIds(json.value("phoneme_id_map", Json::object()), voice));
  PARLEY_TRY_STATUS(ReadSpeakers(json, voice));
  return voice;
}

Result<std::optional<int64_t>> Voice::Speaker(std::string_view name, std::string_view model) const {
  const bool own = name.empty() || name == "default" || name == model;
  if (speaker_count == 1) {
    if (own) return std::nullopt;
    return Fail(Code::kNotFound, "voice '" + std::string(name) +
                                     "' is not here: this model has one speaker, 'default'");
  }
  if (own) return 0;
  if (const auto found = speakers.find(std::string(name)); found != speakers.end()) {
    return found->second;
  }
  int64_t number = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && end == name.data() + name.size() && number >= 0 &&
      number < speaker_count) {
    return number;
  }
  std::string known;
  for (const auto& [speaker, id] : speakers) {
    if (known.size() < 200) known += ", " + speaker;
  }
  return Fail(Code::kNotFound, "voice '" + std::string(name) +
                                   "' is not here: this model has 0 to " +
                                   std::to_string(speaker_count - 1) + known);
}

Result<VoiceFiles> FindVoiceFiles(const std::filesystem::path& path) {
  std::error_code error;
  const auto config_of = [](const std::filesystem::path& model) {
    return std::filesystem::path(model.string() + ".json");
  };
  if (std::filesystem::is_regular_file(path, error)) {
    if (std::filesystem::is_regular_file(config_of(path), error)) return {{path, config_of(path)}};
    return Fail(Code::kNotFound,
                "the voice " + path.string() + " lacks its " + config_of(path).filename().string());
  }
  std::vector<VoiceFiles> found;
  for (std::filesystem::directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    const std::filesystem::path& model = it->path();
    if (model.extension() == ".onnx" && std::filesystem::is_regular_file(config_of(model))) {
      found.push_back({model, config_of(model)});
    }
  }
  if (found.size() == 1) return found[0];
  if (found.empty()) {
    return Fail(Code::kNotFound, "no voice in " + path.string() +
                                     ": looked for a file x.onnx with x.onnx.json beside it");
  }
  return Fail(Code::kInvalidArgument, path.string() + " holds " + std::to_string(found.size()) +
                                          " voices: name one of the .onnx files");
}

}  // namespace parley::piper
