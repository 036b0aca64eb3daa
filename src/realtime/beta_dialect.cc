#include "realtime/beta_dialect.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "realtime/internal/json.h"

namespace parley::realtime {
namespace {

struct Names {
  std::string_view beta;
  std::string_view now;
};

constexpr Names kFormats[] = {
    {"pcm16", "audio/pcm"}, {"g711_ulaw", "audio/pcmu"}, {"g711_alaw", "audio/pcma"}};

// Where the older session's flat fields stand today.
struct Place {
  std::string_view beta;
  std::array<std::string_view, 3> now;  // path, from the session down
};
constexpr Place kPlaces[] = {
    {"modalities", {"output_modalities", "", ""}},
    {"max_response_output_tokens", {"max_output_tokens", "", ""}},
    {"input_audio_format", {"audio", "input", "format"}},
    {"input_audio_transcription", {"audio", "input", "transcription"}},
    {"input_audio_noise_reduction", {"audio", "input", "noise_reduction"}},
    {"turn_detection", {"audio", "input", "turn_detection"}},
    {"output_audio_format", {"audio", "output", "format"}},
    {"voice", {"audio", "output", "voice"}},
    {"speed", {"audio", "output", "speed"}},
};

constexpr Names kEvents[] = {
    {"response.text.delta", "response.output_text.delta"},
    {"response.text.done", "response.output_text.done"},
    {"response.audio.delta", "response.output_audio.delta"},
    {"response.audio.done", "response.output_audio.done"},
    {"response.audio_transcript.delta", "response.output_audio_transcript.delta"},
    {"response.audio_transcript.done", "response.output_audio_transcript.done"},
    {"conversation.item.created", "conversation.item.added"},
};

std::string_view Translated(std::string_view name, bool to_beta) {
  for (const Names& names : kEvents) {
    if (name == (to_beta ? names.now : names.beta)) return to_beta ? names.beta : names.now;
  }
  return name;
}

Json FormatFromBeta(const Json& format) {
  if (!format.is_string()) return format;
  for (const Names& names : kFormats) {
    if (format == names.beta) return {{"type", names.now}};
  }
  return {{"type", format}};
}

Json FormatToBeta(const Json& format) {
  const Json* type = format.is_object() ? Find(format, "type") : nullptr;
  if (type == nullptr) return format;
  for (const Names& names : kFormats) {
    if (*type == names.now) return names.beta;
  }
  return *type;
}

bool IsFormat(const Place& place) { return place.now[2] == "format"; }

// ["audio", "text"] asked for sound with its words, which "audio" alone means today.
Json ModalitiesFromBeta(const Json& modalities) {
  if (!modalities.is_array() || modalities.size() != 2) return modalities;
  const bool both = std::find(modalities.begin(), modalities.end(), "audio") != modalities.end() &&
                    std::find(modalities.begin(), modalities.end(), "text") != modalities.end();
  return both ? Json::array({"audio"}) : modalities;
}

Json ModalitiesToBeta(const Json& modalities) {
  return modalities == Json::array({"audio"}) ? Json::array({"audio", "text"}) : modalities;
}

Json* ObjectAt(Json& event, const char* key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_object() ? &*found : nullptr;
}

// A session or the settings of a response.
Json FieldsFromBeta(const Json& beta) {
  if (!beta.is_object()) return beta;
  Json now = Json::object();
  for (const auto& [key, value] : beta.items()) {
    const auto* place = std::find_if(std::begin(kPlaces), std::end(kPlaces),
                                     [&key = key](const Place& one) { return one.beta == key; });
    if (place == std::end(kPlaces)) {
      now[key] = value;
      continue;
    }
    Json* into = &now;
    for (const std::string_view step : place->now) {
      if (step.empty()) continue;
      if (!into->is_object() && !into->is_null()) break;  // the client's own, of a wrong kind
      into = &(*into)[std::string(step)];
    }
    *into = IsFormat(*place) ? FormatFromBeta(value) : value;
    if (key == "modalities") *into = ModalitiesFromBeta(value);
  }
  return now;
}

Json FieldsToBeta(const Json& now) {
  Json beta = Json::object();
  for (const auto& [key, value] : now.items()) {
    if (key != "audio" && key != "output_modalities") beta[key] = value;
  }
  for (const Place& place : kPlaces) {
    const Json* found = &now;
    for (const std::string_view step : place.now) {
      if (step.empty() || found == nullptr) continue;
      found = found->is_object() ? Find(*found, step) : nullptr;
    }
    if (found == nullptr) continue;
    beta[std::string(place.beta)] = IsFormat(place) ? FormatToBeta(*found) : *found;
    if (place.beta == "modalities") beta["modalities"] = ModalitiesToBeta(*found);
  }
  return beta;
}

Json SessionJsonFromBeta(const Json& beta, bool transcription) {
  if (!beta.is_object()) return beta;
  Json now = FieldsFromBeta(beta);
  // Said at creation, of a secret that is made anew each time.
  now.erase("client_secret");
  if (!now.contains("type")) now["type"] = transcription ? "transcription" : "realtime";
  return now;
}

Json SessionJsonToBeta(const Json& now) {
  Json beta = FieldsToBeta(now);
  beta.erase("type");
  beta.erase("max_output_tokens");
  return beta;
}

// The assistant's parts had the short names.
void RenameParts(Json& item, bool to_beta) {
  const Json* role = item.is_object() ? Find(item, "role") : nullptr;
  const Json* content = item.is_object() ? Find(item, "content") : nullptr;
  if (role == nullptr || *role != "assistant" || content == nullptr || !content->is_array()) return;
  for (Json& part : item["content"]) {
    if (!part.is_object() || !part.contains("type")) continue;
    for (const Names& names : {Names{"text", "output_text"}, Names{"audio", "output_audio"}}) {
      const std::string_view from = to_beta ? names.now : names.beta;
      const std::string_view into = to_beta ? names.beta : names.now;
      if (part["type"] == from) {
        part["type"] = into;
        break;
      }
    }
  }
}

Json ResponseToBeta(const Json& now) {
  Json beta = FieldsToBeta(now);
  beta.erase("max_response_output_tokens");
  if (const auto output = beta.find("output"); output != beta.end() && output->is_array()) {
    for (Json& item : *output) RenameParts(item, true);
  }
  return beta;
}

// "session.audio.output.voice" → "session.voice", also where a message quotes it.
std::string PathsToBeta(std::string text) {
  for (const Place& place : kPlaces) {
    std::string path;
    for (const std::string_view step : place.now) {
      if (!step.empty()) path += fmt::format(".{}", step);
    }
    for (const std::string_view root : {"session", "response"}) {
      const std::string from = fmt::format("{}{}", root, path);
      const size_t at = text.find(from);
      if (at != std::string::npos)
        text.replace(at, from.size(), fmt::format("{}.{}", root, place.beta));
    }
  }
  return text;
}

void ErrorToBeta(Json& error) {
  for (const char* field : {"message", "param"}) {
    Json& text = error[field];
    if (text.is_string()) text = PathsToBeta(text.get<std::string>());
  }
}

// The older events of a transcription session have names of their own.
std::string SessionEventName(std::string_view type, const Json& session) {
  const Json* object = Find(session, "object");
  const bool transcription = object != nullptr && *object == "realtime.transcription_session";
  return fmt::format("{}{}", transcription ? "transcription_" : "", type);
}

// The type with which every message of server_event.h begins.
std::string_view TypeOf(std::string_view message) {
  constexpr std::string_view kBegin = R"({"type":")";
  if (!message.starts_with(kBegin)) return {};
  message.remove_prefix(kBegin.size());
  return message.substr(0, message.find('"'));
}

std::optional<Json> ParseObject(std::string_view text) {
  if (TooDeep(text)) return std::nullopt;
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? std::optional(std::move(json)) : std::nullopt;
}

// Whether the message may be one of those whose content differs: a look that spares the many with
// audio.
bool MayDiffer(std::string_view message) {
  constexpr std::string_view kTypes[] = {"session.update", "response.create",
                                         "conversation.item.create"};
  return std::any_of(std::begin(kTypes), std::end(kTypes), [message](std::string_view type) {
    return message.find(type) != std::string_view::npos;
  });
}

}  // namespace

std::string FromBeta(std::string_view message) {
  std::optional<Json> event;
  if (MayDiffer(message)) event = ParseObject(message);
  if (!event || !event->contains("type")) return std::string(message);
  const Json type = (*event)["type"];
  if (type == "session.update" || type == "transcription_session.update") {
    (*event)["type"] = "session.update";
    if (!event->contains("session")) return Dump(*event);
    (*event)["session"] =
        SessionJsonFromBeta((*event)["session"], type == "transcription_session.update");
  } else if (type == "response.create" && event->contains("response")) {
    Json& response = (*event)["response"];
    response = FieldsFromBeta(response);
    if (response.is_object() && response.contains("input") && response["input"].is_array()) {
      for (Json& item : response["input"]) RenameParts(item, false);
    }
  } else if (type == "conversation.item.create" && event->contains("item")) {
    RenameParts((*event)["item"], false);
  }
  return Dump(*event);
}

std::string ToBeta(std::string message) {
  const std::string type(TypeOf(message));
  if (type == "conversation.item.done") return {};
  const std::string_view translated = Translated(type, true);
  if (translated.ends_with(".delta")) {
    // Most of what is sent, and only its name differs.
    constexpr size_t kBefore = std::string_view(R"({"type":")").size();
    return message.replace(kBefore, type.size(), translated);
  }
  std::optional<Json> event = ParseObject(message);
  if (!event) return message;
  (*event)["type"] = translated;
  if (Json* session = ObjectAt(*event, "session")) {
    if (type.starts_with("session.")) (*event)["type"] = SessionEventName(type, *session);
    *session = SessionJsonToBeta(*session);
  } else if (Json* response = ObjectAt(*event, "response")) {
    *response = ResponseToBeta(*response);
  } else if (Json* item = ObjectAt(*event, "item")) {
    RenameParts(*item, true);
  } else if (Json* error = ObjectAt(*event, "error")) {
    ErrorToBeta(*error);
  }
  return Dump(*event);
}

std::string SessionFromBeta(std::string_view session, bool transcription) {
  const std::optional<Json> json = ParseObject(session);
  return json ? Dump(SessionJsonFromBeta(*json, transcription)) : std::string(session);
}

std::string SessionToBeta(std::string_view session) {
  const std::optional<Json> json = ParseObject(session);
  return json ? Dump(SessionJsonToBeta(*json)) : std::string(session);
}

}  // namespace parley::realtime
