#include "realtime/client_event.h"

#include <cmath>

#include "base/base64.h"
#include "realtime/internal/append_scan.h"
#include "realtime/internal/item_json.h"
#include "realtime/internal/settings_json.h"

namespace parley::realtime {
namespace {

using Body = decltype(ClientEvent::body);

Parsed<int64_t> RequiredInteger(const Json& json, std::string_view key) {
  const std::string path(key);
  const Json* value = Find(json, key);
  if (value == nullptr) return RefuseMissing(path);
  if (!value->is_number()) return RefuseKind(path, "an integer", *value);
  const double number = value->get<double>();
  if (number != std::floor(number) || number < 0 || number > 1e12) {
    return RefuseValue(path, value->dump(), "integers from 0");
  }
  return static_cast<int64_t>(number);
}

Parsed<Body> ParseUpdate(const Json& json) {
  const Json* session = Find(json, "session");
  if (session == nullptr) return RefuseMissing("session");
  if (!session->is_object()) return RefuseKind("session", "an object", *session);
  if (!session->contains("type")) return RefuseMissing("session.type");
  return UpdateSession{.patch = Dump(*session)};
}

Parsed<Body> ParseAppend(const Json& json) {
  const Json* audio = Find(json, "audio");
  if (audio == nullptr) return RefuseMissing("audio");
  if (!audio->is_string()) return RefuseKind("audio", "a string", *audio);
  auto bytes = Base64Decode(audio->get_ref<const std::string&>());
  if (!bytes) {
    return Refuse("invalid_value",
                  "Invalid 'audio'. Expected base64-encoded audio bytes: " + bytes.error().message,
                  "audio");
  }
  return AppendAudio{.bytes = *std::move(bytes)};
}

Parsed<Body> ParseCreateItem(const Json& json) {
  const Json* item = Find(json, "item");
  if (item == nullptr) return RefuseMissing("item");
  auto parsed = ParseItem(*item, "item");
  if (!parsed) return tl::unexpected(parsed.error());
  CreateItem event{.item = *std::move(parsed)};
  if (const Json* previous = Find(json, "previous_item_id"); previous && !previous->is_null()) {
    auto id = RequiredString(json, "", "previous_item_id");
    if (!id) return tl::unexpected(id.error());
    event.previous_item_id = *std::move(id);
  }
  return event;
}

Parsed<Body> ParseTruncate(const Json& json) {
  auto item_id = RequiredString(json, "", "item_id");
  if (!item_id) return tl::unexpected(item_id.error());
  const auto index = RequiredInteger(json, "content_index");
  if (!index) return tl::unexpected(index.error());
  const auto end_ms = RequiredInteger(json, "audio_end_ms");
  if (!end_ms) return tl::unexpected(end_ms.error());
  return TruncateItem{.item_id = *std::move(item_id),
                      .content_index = static_cast<int>(std::min<int64_t>(*index, 1 << 20)),
                      .audio_end_ms = *end_ms};
}

template <class Event>
Parsed<Body> ParseNamed(const Json& json) {
  auto item_id = RequiredString(json, "", "item_id");
  if (!item_id) return tl::unexpected(item_id.error());
  return Event{.item_id = *std::move(item_id)};
}

Parsed<void> CheckMetadata(const Json& metadata) {
  const std::string path = "response.metadata";
  if (metadata.is_null()) return {};
  if (!metadata.is_object()) return RefuseKind(path, "an object", metadata);
  if (metadata.size() > kMetadataPairsMax) {
    return RefuseValue(path, fmt::format("{} pairs", metadata.size()), "at most 16 pairs");
  }
  for (const auto& [key, value] : metadata.items()) {
    if (!value.is_string()) return RefuseKind(path + "." + key, "a string", value);
    if (key.size() > 64 || value.get_ref<const std::string&>().size() > 512) {
      return RefuseValue(path + "." + key.substr(0, 64), "too long",
                         "keys of at most 64 and values of at most 512 characters");
    }
  }
  return {};
}

Parsed<std::vector<ResponseInput>> ParseInput(const Json& json) {
  const std::string path = "response.input";
  if (!json.is_array()) return RefuseKind(path, "an array", json);
  std::vector<ResponseInput> input;
  for (size_t i = 0; i < json.size(); ++i) {
    const std::string full = fmt::format("{}[{}]", path, i);
    if (json[i].is_object() && json[i].value("type", Json()) == "item_reference") {
      auto id = RequiredString(json[i], full, "id");
      if (!id) return tl::unexpected(id.error());
      input.emplace_back(*std::move(id));
      continue;
    }
    auto item = ParseItem(json[i], full);
    if (!item) return tl::unexpected(item.error());
    input.emplace_back(*std::move(item));
  }
  return input;
}

// What of `response` is not a setting of the reply.
Parsed<void> ParseResponseField(const std::string& key, const Json& value, CreateResponse& event) {
  if (key == "conversation") {
    if (value != "auto" && value != "none" && !value.is_null()) {
      return RefuseValue("response.conversation", value.dump(), "'auto' and 'none'");
    }
    event.out_of_band = value == "none";
  } else if (key == "metadata") {
    if (auto checked = CheckMetadata(value); !checked) return checked;
    event.metadata = Dump(value);
  } else if (key == "input" && !value.is_null()) {
    auto input = ParseInput(value);
    if (!input) return tl::unexpected(input.error());
    event.input = *std::move(input);
  } else if (key == "x_parley" && !value.is_null()) {
    if (!value.is_object()) return RefuseKind("response.x_parley", "an object or null", value);
    auto read = OnlyKnown(value, "response.x_parley", {"interruptible"});
    if (read) read = ReadBool(value, "response.x_parley", "interruptible", event.interruptible);
    return read;
  }
  return {};
}

Parsed<Body> ParseCreateResponse(const Json& json) {
  CreateResponse event{.metadata = "null", .overrides = "{}"};
  const Json* response = Find(json, "response");
  if (response == nullptr || response->is_null()) return event;
  if (!response->is_object()) return RefuseKind("response", "an object", *response);
  Json overrides = Json::object();
  for (const auto& [key, value] : response->items()) {
    if (key == "conversation" || key == "metadata" || key == "input" || key == "x_parley") {
      if (auto read = ParseResponseField(key, value, event); !read) {
        return tl::unexpected(read.error());
      }
    } else {
      overrides[key] = value;
    }
  }
  event.overrides = Dump(overrides);
  // The values are checked here already, so that a wrong one is refused before anything starts.
  if (auto merged = MergeReply({}, event.overrides); !merged) return tl::unexpected(merged.error());
  return event;
}

Parsed<Body> ParseCancel(const Json& json) {
  auto id = OptionalString(json, "", "response_id");
  if (!id) return tl::unexpected(id.error());
  return CancelResponse{.response_id = *std::move(id)};
}

Parsed<Body> ParsePlayed(const Json& json) {
  auto item_id = RequiredString(json, "", "item_id");
  if (!item_id) return tl::unexpected(item_id.error());
  const auto audio_ms = RequiredInteger(json, "audio_ms");
  if (!audio_ms) return tl::unexpected(audio_ms.error());
  return Played{.item_id = *std::move(item_id), .audio_ms = *audio_ms};
}

struct Kind {
  std::string_view type;
  Parsed<Body> (*parse)(const Json& json);
};
constexpr Kind kKinds[] = {
    {"session.update", ParseUpdate},
    {"input_audio_buffer.append", ParseAppend},
    {"input_audio_buffer.commit", [](const Json&) -> Parsed<Body> { return CommitAudio{}; }},
    {"input_audio_buffer.clear", [](const Json&) -> Parsed<Body> { return ClearAudio{}; }},
    {"output_audio_buffer.clear", [](const Json&) -> Parsed<Body> { return ClearOutputAudio{}; }},
    {"conversation.item.create", ParseCreateItem},
    {"conversation.item.retrieve", ParseNamed<RetrieveItem>},
    {"conversation.item.truncate", ParseTruncate},
    {"conversation.item.delete", ParseNamed<DeleteItem>},
    {"response.create", ParseCreateResponse},
    {"response.cancel", ParseCancel},
    {"x_parley.played", ParsePlayed},
};

std::string KnownTypes() {
  std::string names;
  for (const Kind& kind : kKinds) {
    if (kind.type.starts_with("x_")) continue;
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", kind.type);
  }
  return names;
}

Parsed<Body> ParseBody(const Json& json) {
  const Json* type = Find(json, "type");
  if (type == nullptr) {
    return Refuse("invalid_event",
                  "The event has no 'type'. It must be one of " + KnownTypes() + ".", "type");
  }
  if (!type->is_string()) {
    return Refuse("invalid_event",
                  fmt::format("The event's 'type' must be a string, but is {}.", KindName(*type)),
                  "type");
  }
  for (const Kind& kind : kKinds) {
    if (*type == kind.type) return kind.parse(json);
  }
  return Refuse("invalid_event",
                fmt::format("Invalid value: '{}'. Supported values are: {}.",
                            type->get<std::string>().substr(0, 100), KnownTypes()),
                "type");
}

}  // namespace

Parsed<ClientEvent> ParseClientEvent(std::string_view message) {
  if (message.size() > kClientEventBytesMax) {
    return Refuse("invalid_event", fmt::format("The event has {} bytes; at most {} are allowed.",
                                               message.size(), kClientEventBytesMax));
  }
  if (const auto scanned = ScanAppend(message)) {
    // What does not decode is left to the parser too, which says what is wrong.
    if (auto bytes = Base64Decode(scanned->audio)) {
      return ClientEvent{.event_id = std::string(scanned->event_id),
                         .body = AppendAudio{.bytes = *std::move(bytes)}};
    }
  }
  if (TooDeep(message)) {
    return Refuse("invalid_json",
                  fmt::format("The message is nested more than {} deep.", kJsonDepthMax));
  }
  const Json json = Json::parse(message, nullptr, false);
  if (json.is_discarded()) {
    return Refuse("invalid_json", "The message is not valid JSON. Send one JSON object a message.");
  }
  if (!json.is_object()) {
    return Refuse("invalid_json",
                  fmt::format("The message must be a JSON object, but is {}.", KindName(json)));
  }
  ClientEvent event;
  if (const Json* id = Find(json, "event_id"); id && !id->is_null()) {
    if (!id->is_string()) return RefuseKind("event_id", "a string", *id);
    event.event_id = *id;
  }
  auto body = ParseBody(json);
  if (!body) {
    body.error().event_id = event.event_id;
    return tl::unexpected(std::move(body.error()));
  }
  event.body = *std::move(body);
  return event;
}

Parsed<ReplySettings> MergeReply(const ReplySettings& session, std::string_view overrides) {
  const Json json = Json::parse(overrides, nullptr, false);
  if (!json.is_object()) return RefuseKind("response", "an object", json);
  ReplySettings reply = session;
  for (const auto& [key, value] : json.items()) {
    const std::string path = "response." + key;
    if (value.is_null()) continue;
    if (key == "audio") {
      if (!value.is_object()) return RefuseKind(path, "an object", value);
      if (auto known = OnlyKnown(value, path, {"output"}); !known) {
        return tl::unexpected(known.error());
      }
      const Json* output = Find(value, "output");
      if (output == nullptr || output->is_null()) continue;
      if (auto read = ParseAudioOutput(*output, path + ".output", reply); !read) {
        return tl::unexpected(read.error());
      }
      continue;
    }
    if (key == "prompt" || key == "reasoning" || key == "parallel_tool_calls") {
      if (auto checked = CheckEchoed(key, value, path); !checked) {
        return tl::unexpected(checked.error());
      }
      if (key == "parallel_tool_calls") reply.parallel_tool_calls = value != false;
      continue;
    }
    const auto taken = ParseReplyField(key, value, path, reply);
    if (!taken) return tl::unexpected(taken.error());
    if (!*taken) {
      return Refuse("unknown_parameter", fmt::format("Unknown parameter: '{}'.", path), path);
    }
  }
  return reply;
}

}  // namespace parley::realtime
