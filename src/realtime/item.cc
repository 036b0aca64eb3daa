#include "realtime/item.h"

#include <bit>

#include "base/base64.h"
#include "realtime/internal/item_json.h"

namespace parley::realtime {
namespace {

std::string_view Name(PartType type) {
  switch (type) {
    case PartType::kInputText:
      return "input_text";
    case PartType::kInputAudio:
      return "input_audio";
    case PartType::kInputImage:
      return "input_image";
    case PartType::kOutputText:
      return "output_text";
    case PartType::kOutputAudio:
      return "output_audio";
  }
  return "";
}

std::string_view Name(ItemStatus status) {
  switch (status) {
    case ItemStatus::kInProgress:
      return "in_progress";
    case ItemStatus::kCompleted:
      return "completed";
    case ItemStatus::kIncomplete:
      return "incomplete";
  }
  return "";
}

std::string_view Name(ItemRole role) {
  switch (role) {
    case ItemRole::kUser:
      return "user";
    case ItemRole::kAssistant:
      return "assistant";
    case ItemRole::kSystem:
      return "system";
  }
  return "";
}

std::string Encode(const PartAudio& audio) {
  static_assert(std::endian::native == std::endian::little);
  return Base64Encode({reinterpret_cast<const uint8_t*>(audio.pcm.data()), audio.pcm.size() * 2});
}

Json PartJson(const ContentPart& part, bool with_audio) {
  Json json = {{"type", Name(part.type)}};
  switch (part.type) {
    case PartType::kInputText:
    case PartType::kOutputText:
      json["text"] = part.text;
      break;
    case PartType::kInputImage:
      json["image_url"] = part.text;
      if (!part.detail.empty()) json["detail"] = part.detail;
      break;
    case PartType::kInputAudio:
    case PartType::kOutputAudio:
      if (with_audio && part.audio) json["audio"] = Encode(*part.audio);
      json["transcript"] = part.has_transcript ? Json(part.text) : Json();
      break;
  }
  return json;
}

Parsed<void> ReadAudio(const Json& json, const std::string& path, ContentPart& part) {
  const auto text = OptionalString(json, path, "audio");
  if (!text) return tl::unexpected(text.error());
  auto bytes = Base64Decode(*text);
  if (!bytes) {
    return Refuse("invalid_value",
                  fmt::format("Invalid '{}.audio'. Expected base64-encoded audio bytes: {}", path,
                              bytes.error().message),
                  path + ".audio");
  }
  part.bytes = *std::move(bytes);
  return {};
}

Parsed<ContentPart> ParsePart(const Json& json, const std::string& path, ItemRole role) {
  if (!json.is_object()) return RefuseKind(path, "an object", json);
  const auto type = RequiredString(json, path, "type");
  if (!type) return tl::unexpected(type.error());
  ContentPart part;
  std::string_view field = "text";
  if (role == ItemRole::kAssistant) {
    if (*type != "output_text" && *type != "text") {
      return RefuseValue(path + ".type", *type,
                         "'output_text' (an assistant's audio cannot be created)");
    }
    part.type = PartType::kOutputText;
  } else if (*type == "input_text") {
    part.type = PartType::kInputText;
  } else if (*type == "input_audio" && role == ItemRole::kUser) {
    part.type = PartType::kInputAudio;
    field = "transcript";
  } else if (*type == "input_image" && role == ItemRole::kUser) {
    part.type = PartType::kInputImage;
    field = "image_url";
  } else {
    return RefuseValue(
        path + ".type", *type,
        role == ItemRole::kUser ? "'input_text', 'input_audio' and 'input_image'" : "'input_text'");
  }
  const bool needed = field == "text";
  auto text = needed ? RequiredString(json, path, field) : OptionalString(json, path, field);
  if (!text) return tl::unexpected(text.error());
  part.text = *std::move(text);
  if (part.type == PartType::kInputAudio) {
    if (auto read = ReadAudio(json, path, part); !read) return tl::unexpected(read.error());
  }
  if (part.type == PartType::kInputImage) {
    auto detail = OptionalString(json, path, "detail");
    if (!detail) return tl::unexpected(detail.error());
    part.detail = *std::move(detail);
  }
  part.has_transcript = part.type != PartType::kInputAudio || !part.text.empty();
  return part;
}

Parsed<Item> ParseMessage(const Json& json, const std::string& path, Item item) {
  const auto role = RequiredString(json, path, "role");
  if (!role) return tl::unexpected(role.error());
  if (*role == "user") {
    item.role = ItemRole::kUser;
  } else if (*role == "assistant") {
    item.role = ItemRole::kAssistant;
  } else if (*role == "system" || *role == "developer") {
    item.role = ItemRole::kSystem;
  } else {
    return RefuseValue(path + ".role", *role, "'user', 'assistant' and 'system'");
  }
  const Json* content = Find(json, "content");
  if (content == nullptr) return RefuseMissing(path + ".content");
  if (!content->is_array()) return RefuseKind(path + ".content", "an array", *content);
  for (size_t i = 0; i < content->size(); ++i) {
    auto part = ParsePart((*content)[i], fmt::format("{}.content[{}]", path, i), item.role);
    if (!part) return tl::unexpected(part.error());
    item.content.push_back(*std::move(part));
  }
  return item;
}

Parsed<void> ReadString(const Json& json, const std::string& path, std::string_view key,
                        std::string& into) {
  auto value = RequiredString(json, path, key);
  if (!value) return tl::unexpected(value.error());
  into = *std::move(value);
  return {};
}

}  // namespace

std::string Item::Words() const {
  std::string words;
  for (const ContentPart& part : content) {
    if (part.type == PartType::kInputImage || part.text.empty()) continue;
    if (!words.empty()) words += ' ';
    words += part.text;
  }
  return words;
}

Json ItemJson(const Item& item, bool with_audio) {
  Json json = {{"id", item.id}, {"object", "realtime.item"}};
  switch (item.type) {
    case ItemType::kMessage: {
      Json content = Json::array();
      for (const ContentPart& part : item.content) content.push_back(PartJson(part, with_audio));
      json.update({{"type", "message"},
                   {"status", Name(item.status)},
                   {"role", Name(item.role)},
                   {"content", std::move(content)}});
      break;
    }
    case ItemType::kFunctionCall:
      json.update({{"type", "function_call"},
                   {"status", Name(item.status)},
                   {"call_id", item.call_id},
                   {"name", item.name},
                   {"arguments", item.arguments}});
      break;
    case ItemType::kFunctionCallOutput:
      json.update({{"type", "function_call_output"},
                   {"status", Name(item.status)},
                   {"call_id", item.call_id},
                   {"output", item.output}});
      break;
  }
  return json;
}

Parsed<Item> ParseItem(const Json& json, const std::string& path) {
  if (!json.is_object()) return RefuseKind(path, "an object", json);
  Item item;
  auto id = OptionalString(json, path, "id");
  if (!id) return tl::unexpected(id.error());
  item.id = *std::move(id);
  const auto type = RequiredString(json, path, "type");
  if (!type) return tl::unexpected(type.error());
  Parsed<void> read;
  if (*type == "message") return ParseMessage(json, path, std::move(item));
  if (*type == "function_call") {
    item.type = ItemType::kFunctionCall;
    read = ReadString(json, path, "name", item.name);
    if (read) read = ReadString(json, path, "arguments", item.arguments);
    auto call = OptionalString(json, path, "call_id");
    if (!call) return tl::unexpected(call.error());
    item.call_id = *std::move(call);
  } else if (*type == "function_call_output") {
    item.type = ItemType::kFunctionCallOutput;
    read = ReadString(json, path, "call_id", item.call_id);
    if (read) read = ReadString(json, path, "output", item.output);
  } else {
    return RefuseValue(path + ".type", *type,
                       "'message', 'function_call' and 'function_call_output'");
  }
  if (!read) return tl::unexpected(read.error());
  return item;
}

}  // namespace parley::realtime
