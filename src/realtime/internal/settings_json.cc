#include "realtime/internal/settings_json.h"

#include <cmath>

namespace parley::realtime {
namespace {

struct Range {
  double min;
  double max;
};

// Absent and null leave `into` as it is.
template <class T>
Parsed<void> ReadNumber(const Json& object, const std::string& path, std::string_view key,
                        Range range, T& into) {
  const Json* value = Find(object, key);
  if (value == nullptr || value->is_null()) return {};
  const std::string full = fmt::format("{}.{}", path, key);
  if (!value->is_number()) return RefuseKind(full, "a number", *value);
  const double number = value->get<double>();
  const bool whole = std::is_floating_point_v<T> || number == std::floor(number);
  if (!whole || number < range.min || number > range.max) {
    return RefuseValue(
        full, value->dump(),
        fmt::format("{} from {} to {}", std::is_floating_point_v<T> ? "numbers" : "integers",
                    range.min, range.max));
  }
  into = static_cast<T>(number);
  return {};
}

// Absent and null are good; else an array of strings.
Parsed<void> CheckStrings(const Json& object, const std::string& path, std::string_view key) {
  const Json* value = Find(object, key);
  if (value == nullptr || value->is_null()) return {};
  const std::string full = fmt::format("{}.{}", path, key);
  if (!value->is_array()) return RefuseKind(full, "an array", *value);
  for (size_t i = 0; i < value->size(); ++i) {
    if (!(*value)[i].is_string()) {
      return RefuseKind(fmt::format("{}[{}]", full, i), "a string", (*value)[i]);
    }
  }
  return {};
}

// Absent and null are good; else one of the words.
Parsed<void> CheckWord(const Json& object, const std::string& path, std::string_view key,
                       std::initializer_list<std::string_view> words) {
  const auto word = OptionalString(object, path, key);
  if (!word) return tl::unexpected(word.error());
  std::string allowed;
  for (const std::string_view one : words) {
    if (word->empty() || *word == one) return {};
    allowed += fmt::format("{}'{}'", allowed.empty() ? "" : ", ", one);
  }
  return RefuseValue(fmt::format("{}.{}", path, key), *word, allowed);
}

Parsed<void> CheckTruncation(const Json& json, const std::string& path) {
  if (json.is_null() || json == "auto" || json == "disabled") return {};
  if (json.is_string()) {
    return RefuseValue(path, json.get<std::string>(), "'auto', 'disabled' and an object");
  }
  if (!json.is_object()) return RefuseKind(path, "a string or an object", json);
  const auto type = RequiredString(json, path, "type");
  if (!type) return tl::unexpected(type.error());
  if (*type != "retention_ratio") return RefuseValue(path + ".type", *type, "'retention_ratio'");
  if (!json.contains("retention_ratio")) return RefuseMissing(path + ".retention_ratio");
  double ratio = 0;
  return ReadNumber(json, path, "retention_ratio", {0, 1}, ratio);
}

Parsed<void> CheckInclude(const Json& json, const std::string& path) {
  constexpr std::string_view kKnown = "item.input_audio_transcription.logprobs";
  if (json.is_null()) return {};
  if (!json.is_array()) return RefuseKind(path, "an array", json);
  for (size_t i = 0; i < json.size(); ++i) {
    const std::string full = fmt::format("{}[{}]", path, i);
    if (!json[i].is_string()) return RefuseKind(full, "a string", json[i]);
    if (json[i] != kKnown) {
      return RefuseValue(full, json[i].get<std::string>(), fmt::format("'{}'", kKnown));
    }
  }
  return {};
}

Parsed<turn::Eagerness> ParseEagerness(const Json& json, const std::string& path) {
  const auto name = OptionalString(json, path, "eagerness");
  if (!name) return tl::unexpected(name.error());
  if (*name == "low") return turn::Eagerness::kLow;
  if (*name == "high") return turn::Eagerness::kHigh;
  if (name->empty() || *name == "medium" || *name == "auto") return turn::Eagerness::kMedium;
  return RefuseValue(path + ".eagerness", *name, "'low', 'medium', 'high' and 'auto'");
}

Parsed<turn::TurnDetection> ParseServerVad(const Json& json, const std::string& path,
                                           turn::TurnDetection detection) {
  Parsed<void> read = OnlyKnown(json, path,
                                {"type", "threshold", "prefix_padding_ms", "silence_duration_ms",
                                 "create_response", "interrupt_response", "idle_timeout_ms"});
  if (read) read = ReadNumber(json, path, "threshold", {0, 1}, detection.threshold);
  if (read) {
    read = ReadNumber(json, path, "prefix_padding_ms", {0, 5000}, detection.prefix_padding_ms);
  }
  if (read) {
    read =
        ReadNumber(json, path, "silence_duration_ms", {0, 10'000}, detection.silence_duration_ms);
  }
  if (read) {
    read = ReadNumber(json, path, "idle_timeout_ms", {5000, 30'000}, detection.idle_timeout_ms);
  }
  if (!read) return tl::unexpected(read.error());
  return detection;
}

Parsed<ports::LanguageModel::Tool> ParseTool(const Json& json, const std::string& path) {
  if (!json.is_object()) return RefuseKind(path, "an object", json);
  auto name = RequiredString(json, path, "name");
  if (!name) return tl::unexpected(name.error());
  auto description = OptionalString(json, path, "description");
  if (!description) return tl::unexpected(description.error());
  ports::LanguageModel::Tool tool{.name = *name, .description = *description};
  if (const Json* parameters = Find(json, "parameters"); parameters && !parameters->is_null()) {
    if (!parameters->is_object()) return RefuseKind(path + ".parameters", "an object", *parameters);
    tool.parameters = Dump(*parameters);
  }
  return tool;
}

Parsed<void> ParseTools(const Json& json, const std::string& path, ReplySettings& reply) {
  if (!json.is_array()) return RefuseKind(path, "an array", json);
  std::vector<ports::LanguageModel::Tool> tools;
  for (size_t i = 0; i < json.size(); ++i) {
    const std::string full = fmt::format("{}[{}]", path, i);
    if (!json[i].is_object()) return RefuseKind(full, "an object", json[i]);
    const auto type = RequiredString(json[i], full, "type");
    if (!type) return tl::unexpected(type.error());
    if (*type == "mcp") {  // kept and echoed; nothing here calls it
      const auto label = RequiredString(json[i], full, "server_label");
      if (!label) return tl::unexpected(label.error());
      continue;
    }
    if (*type != "function") return RefuseValue(full + ".type", *type, "'function' and 'mcp'");
    auto tool = ParseTool(json[i], full);
    if (!tool) return tl::unexpected(tool.error());
    tools.push_back(*std::move(tool));
  }
  reply.tools = std::move(tools);
  return {};
}

Parsed<void> ParseToolChoice(const Json& json, const std::string& path, ReplySettings& reply) {
  if (json.is_string()) {
    const std::string choice = json.get<std::string>();
    if (choice != "auto" && choice != "none" && choice != "required") {
      return RefuseValue(path, choice, "'auto', 'none', 'required' and an object");
    }
    reply.tool_choice = choice;
    return {};
  }
  if (!json.is_object()) return RefuseKind(path, "a string or an object", json);
  const auto type = RequiredString(json, path, "type");
  if (!type) return tl::unexpected(type.error());
  if (*type == "mcp") {
    const auto label = RequiredString(json, path, "server_label");
    return label ? Parsed<void>() : tl::unexpected(label.error());
  }
  if (*type != "function") return RefuseValue(path + ".type", *type, "'function' and 'mcp'");
  const auto name = RequiredString(json, path, "name");
  if (!name) return tl::unexpected(name.error());
  reply.tool_choice = *name;
  return {};
}

Parsed<void> ParseMaxTokens(const Json& json, const std::string& path, ReplySettings& reply) {
  if (json.is_null() || json == "inf") {
    reply.max_output_tokens.reset();
    return {};
  }
  const bool whole = json.is_number() && json.get<double>() == std::floor(json.get<double>());
  if (!whole || json.get<double>() < 1 || json.get<double>() > 4096) {
    return RefuseValue(path, json.dump(), "integers from 1 to 4096 and 'inf'");
  }
  reply.max_output_tokens = json.get<int>();
  return {};
}

Parsed<void> ParseModalities(const Json& json, const std::string& path, ReplySettings& reply) {
  if (!json.is_array()) return RefuseKind(path, "an array", json);
  bool audio = false;
  bool text = false;
  for (const Json& entry : json) {
    audio = audio || entry == "audio";
    text = text || entry == "text";
  }
  // Never both: audio always brings its transcript.
  if (json.size() != 1 || audio == text) {
    return RefuseValue(path, Dump(json), "[\"audio\"] and [\"text\"]");
  }
  reply.audio = audio;
  return {};
}

}  // namespace

Parsed<AudioFormat> ParseFormat(const Json& json, const std::string& path) {
  if (!json.is_object()) return RefuseKind(path, "an object", json);
  if (auto known = OnlyKnown(json, path, {"type", "rate"}); !known) {
    return tl::unexpected(known.error());
  }
  const auto type = RequiredString(json, path, "type");
  if (!type) return tl::unexpected(type.error());
  if (*type == "audio/pcmu") return AudioFormat{.codec = Codec::kPcmu, .sample_rate_hz = 8000};
  if (*type == "audio/pcma") return AudioFormat{.codec = Codec::kPcma, .sample_rate_hz = 8000};
  if (*type != "audio/pcm") {
    return RefuseValue(path + ".type", *type, "'audio/pcm', 'audio/pcmu' and 'audio/pcma'");
  }
  AudioFormat format;
  const auto read = ReadNumber(json, path, "rate", {8000, 48'000}, format.sample_rate_hz);
  if (!read) return tl::unexpected(read.error());
  return format;
}

Json FormatJson(const AudioFormat& format) {
  if (format.codec == Codec::kPcmu) return {{"type", "audio/pcmu"}};
  if (format.codec == Codec::kPcma) return {{"type", "audio/pcma"}};
  return {{"type", "audio/pcm"}, {"rate", format.sample_rate_hz}};
}

Parsed<turn::TurnDetection> ParseDetection(const Json& json, const std::string& path) {
  turn::TurnDetection detection;
  if (json.is_null()) {
    detection.mode = turn::DetectionMode::kNone;
    return detection;
  }
  if (!json.is_object()) return RefuseKind(path, "an object or null", json);
  const auto type = OptionalString(json, path, "type");
  if (!type) return tl::unexpected(type.error());
  Parsed<void> read = ReadBool(json, path, "create_response", detection.create_response);
  if (read) read = ReadBool(json, path, "interrupt_response", detection.interrupt_response);
  if (!read) return tl::unexpected(read.error());
  if (type->empty() || *type == "server_vad") return ParseServerVad(json, path, detection);
  if (*type != "semantic_vad") {
    return RefuseValue(path + ".type", *type, "'server_vad' and 'semantic_vad'");
  }
  read = OnlyKnown(json, path, {"type", "eagerness", "create_response", "interrupt_response"});
  if (!read) return tl::unexpected(read.error());
  const auto eagerness = ParseEagerness(json, path);
  if (!eagerness) return tl::unexpected(eagerness.error());
  detection.mode = turn::DetectionMode::kSemanticVad;
  detection.eagerness = *eagerness;
  return detection;
}

Json DetectionJson(const turn::TurnDetection& detection) {
  switch (detection.mode) {
    case turn::DetectionMode::kNone:
      return {};
    case turn::DetectionMode::kServerVad:
      return {{"type", "server_vad"},
              {"threshold", detection.threshold},
              {"prefix_padding_ms", detection.prefix_padding_ms},
              {"silence_duration_ms", detection.silence_duration_ms},
              {"idle_timeout_ms",
               detection.idle_timeout_ms > 0 ? Json(detection.idle_timeout_ms) : Json()},
              {"create_response", detection.create_response},
              {"interrupt_response", detection.interrupt_response}};
    case turn::DetectionMode::kSemanticVad:
      break;
  }
  const char* eagerness = "medium";
  if (detection.eagerness == turn::Eagerness::kLow) eagerness = "low";
  if (detection.eagerness == turn::Eagerness::kHigh) eagerness = "high";
  return {{"type", "semantic_vad"},
          {"eagerness", eagerness},
          {"create_response", detection.create_response},
          {"interrupt_response", detection.interrupt_response}};
}

Parsed<void> CheckNoiseReduction(const Json& json, const std::string& path) {
  if (json.is_null()) return {};
  if (!json.is_object()) return RefuseKind(path, "an object or null", json);
  if (auto known = OnlyKnown(json, path, {"type"}); !known) return known;
  return CheckWord(json, path, "type", {"near_field", "far_field"});
}

bool IsEchoed(std::string_view key) {
  for (const std::string_view known :
       {"include", "truncation", "tracing", "prompt", "reasoning", "parallel_tool_calls"}) {
    if (known == key) return true;
  }
  return false;
}

Parsed<void> CheckEchoed(const std::string& key, const Json& value, const std::string& path) {
  if (key == "include") return CheckInclude(value, path);
  if (key == "truncation") return CheckTruncation(value, path);
  if (value.is_null()) return {};
  if (key == "parallel_tool_calls") {
    return value.is_boolean() ? Parsed<void>() : RefuseKind(path, "a boolean", value);
  }
  if (key == "tracing" && value.is_string()) {
    return value == "auto" ? Parsed<void>()
                           : RefuseValue(path, value.get<std::string>(), "'auto' and an object");
  }
  if (!value.is_object()) {
    return RefuseKind(path, key == "tracing" ? "a string or an object" : "an object", value);
  }
  if (key == "reasoning") {
    return CheckWord(value, path, "effort", {"none", "minimal", "low", "medium", "high", "xhigh"});
  }
  if (key != "prompt") return {};
  const auto id = RequiredString(value, path, "id");
  return id ? Parsed<void>() : tl::unexpected(id.error());
}

Parsed<std::optional<TranscriptionSettings>> ParseTranscription(const Json& json,
                                                                const std::string& path) {
  if (json.is_null()) return std::optional<TranscriptionSettings>();
  if (!json.is_object()) return RefuseKind(path, "an object or null", json);
  Parsed<void> known =
      OnlyKnown(json, path, {"model", "language", "languages", "keywords", "prompt", "delay"});
  if (known) known = CheckStrings(json, path, "languages");
  if (known) known = CheckStrings(json, path, "keywords");
  if (known) {
    known = CheckWord(json, path, "delay", {"minimal", "low", "medium", "high", "xhigh"});
  }
  if (!known) return tl::unexpected(known.error());
  TranscriptionSettings settings;
  for (const auto& [key, into] : {std::pair{"model", &settings.model},
                                  {"language", &settings.language},
                                  {"prompt", &settings.prompt}}) {
    auto value = OptionalString(json, path, key);
    if (!value) return tl::unexpected(value.error());
    *into = *std::move(value);
  }
  return std::optional(std::move(settings));
}

Parsed<XParley> ParseXParley(const Json& json, const std::string& path) {
  XParley x_parley;
  if (json.is_null()) return x_parley;
  if (!json.is_object()) return RefuseKind(path, "an object or null", json);
  Parsed<void> read =
      OnlyKnown(json, path, {"playback", "turns", "live_words", "echo_free", "burst", "resume"});
  if (read) read = ReadBool(json, path, "playback", x_parley.playback);
  if (read) read = ReadBool(json, path, "turns", x_parley.turns);
  if (read) read = ReadBool(json, path, "live_words", x_parley.live_words);
  if (read) read = ReadBool(json, path, "echo_free", x_parley.echo_free);
  if (read) read = ReadBool(json, path, "burst", x_parley.burst);
  if (read) read = ReadBool(json, path, "resume", x_parley.resume);
  if (!read) return tl::unexpected(read.error());
  return x_parley;
}

Json XParleyJson(const XParley& x_parley) {
  return {{"playback", x_parley.playback},     {"turns", x_parley.turns},
          {"live_words", x_parley.live_words}, {"echo_free", x_parley.echo_free},
          {"burst", x_parley.burst},           {"resume", x_parley.resume}};
}

Parsed<bool> ParseReplyField(const std::string& key, const Json& value, const std::string& path,
                             ReplySettings& reply) {
  Parsed<void> read;
  if (key == "output_modalities") {
    read = ParseModalities(value, path, reply);
  } else if (key == "instructions") {
    if (!value.is_string() && !value.is_null()) return RefuseKind(path, "a string", value);
    reply.instructions = value.is_string() ? value.get<std::string>() : "";
  } else if (key == "tools") {
    read = ParseTools(value.is_null() ? Json::array() : value, path, reply);
  } else if (key == "tool_choice") {
    read = ParseToolChoice(value, path, reply);
  } else if (key == "max_output_tokens") {
    read = ParseMaxTokens(value, path, reply);
  } else if (key == "temperature") {
    if (!value.is_number() && !value.is_null()) return RefuseKind(path, "a number", value);
    reply.temperature =
        value.is_null() ? std::optional<double>() : std::clamp(value.get<double>(), 0.0, 2.0);
  } else {
    return false;
  }
  if (!read) return tl::unexpected(read.error());
  return true;
}

Parsed<void> ParseAudioOutput(const Json& json, const std::string& path, ReplySettings& reply) {
  if (!json.is_object()) return RefuseKind(path, "an object", json);
  if (auto known = OnlyKnown(json, path, {"format", "voice", "speed"}); !known) return known;
  if (const Json* format = Find(json, "format"); format && !format->is_null()) {
    const auto parsed = ParseFormat(*format, path + ".format");
    if (!parsed) return tl::unexpected(parsed.error());
    reply.output_format = *parsed;
  }
  if (const Json* voice = Find(json, "voice"); voice && !voice->is_null()) {
    const auto name = voice->is_object() ? RequiredString(*voice, path + ".voice", "id")
                                         : RequiredString(json, path, "voice");
    if (!name) return tl::unexpected(name.error());
    reply.voice = *name;
  }
  return ReadNumber(json, path, "speed", {0.25, 1.5}, reply.speed);
}

Json ModalitiesJson(bool audio) { return Json::array({audio ? "audio" : "text"}); }

Json MaxTokensJson(const std::optional<int>& max_output_tokens) {
  return max_output_tokens ? Json(*max_output_tokens) : Json("inf");
}

}  // namespace parley::realtime
