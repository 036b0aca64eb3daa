#include "gateway/speech_request.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace parley::gateway {
namespace {

using Json = nlohmann::json;

Parsed<std::string> Text(const Json& body, const char* name, bool required) {
  const auto found = body.find(name);
  if (found == body.end() || found->is_null()) {
    if (!required) return std::string();
    return Refuse(400, fmt::format("Missing required parameter: '{}'.", name), name,
                  "missing_required_parameter");
  }
  if (!found->is_string()) {
    return Refuse(400, fmt::format("Invalid type for '{}': expected a string.", name), name,
                  "invalid_type");
  }
  return found->get<std::string>();
}

// A name, or an object {"id": name}.
Parsed<std::string> VoiceOf(const Json& body) {
  const auto found = body.find("voice");
  if (found != body.end() && found->is_object()) return Text(*found, "id", true);
  return Text(body, "voice", true);
}

Parsed<SpeechFormat> FormatOf(const Json& body) {
  const auto name = Text(body, "response_format", false);
  if (!name) return tl::unexpected(name.error());
  if (name->empty() || *name == "mp3") return SpeechFormat::kMp3;
  if (*name == "opus") return SpeechFormat::kOpus;
  if (*name == "aac") return SpeechFormat::kAac;
  if (*name == "flac") return SpeechFormat::kFlac;
  if (*name == "wav") return SpeechFormat::kWav;
  if (*name == "pcm") return SpeechFormat::kPcm;
  return Refuse(400,
                fmt::format("Invalid value: '{}'. Supported values for 'response_format': 'mp3', "
                            "'opus', 'aac', 'flac', 'wav', 'pcm'.",
                            name->substr(0, 40)),
                "response_format", "invalid_value");
}

Parsed<double> SpeedOf(const Json& body) {
  const auto found = body.find("speed");
  if (found == body.end() || found->is_null()) return 1.0;
  const double speed = found->is_number() ? found->get<double>() : 0;
  if (speed >= 0.25 && speed <= 4.0) return speed;
  return Refuse(400, "Invalid value for 'speed': expected a number from 0.25 to 4.0.", "speed",
                "invalid_value");
}

Parsed<bool> SseOf(const Json& body) {
  const auto name = Text(body, "stream_format", false);
  if (!name) return tl::unexpected(name.error());
  if (name->empty() || *name == "audio") return false;
  if (*name == "sse") return true;
  return Refuse(400, "Supported values for 'stream_format': 'audio', 'sse'.", "stream_format",
                "invalid_value");
}

Parsed<std::string> InputOf(const Json& body, int chars_max) {
  auto input = Text(body, "input", true);
  if (!input) return input;
  if (input->empty()) {
    return Refuse(400, "'input' is empty: expected a text of at least 1 character.", "input",
                  "string_too_short");
  }
  int64_t chars = 0;
  for (const char c : *input) chars += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  if (chars > chars_max) {
    return Refuse(400,
                  fmt::format("'input' has {} characters, at most {} are taken; send it in pieces.",
                              chars, chars_max),
                  "input", "string_too_long");
  }
  return input;
}

template <class T>
bool Take(Parsed<T> parsed, T& target, ApiError& error) {
  if (parsed) {
    target = *std::move(parsed);
  } else {
    error = std::move(parsed.error());
  }
  return parsed.has_value();
}

}  // namespace

Parsed<SpeechRequest> ParseSpeechRequest(std::string_view text, int chars_max) {
  const Json body = Json::parse(text, nullptr, false);
  if (body.is_discarded() || !body.is_object()) {
    return Refuse(400,
                  "The body is not a JSON object. Send e.g. {\"model\": \"tts-1\", "
                  "\"input\": \"Hello\", \"voice\": \"alloy\"}.",
                  "", "invalid_json");
  }
  SpeechRequest request;
  ApiError error;
  const bool good = Take(Text(body, "model", true), request.model, error) &&
                    Take(InputOf(body, chars_max), request.input, error) &&
                    Take(VoiceOf(body), request.voice, error) &&
                    Take(Text(body, "instructions", false), request.instructions, error) &&
                    Take(FormatOf(body), request.format, error) &&
                    Take(SpeedOf(body), request.speed, error) &&
                    Take(SseOf(body), request.sse, error);
  if (!good) return tl::unexpected(std::move(error));
  return request;
}

}  // namespace parley::gateway
