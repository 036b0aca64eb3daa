#include "gateway/chat_request.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json_depth.h"

namespace parley::gateway {
namespace {

using Json = nlohmann::json;
using ports::LanguageModel;
using Role = LanguageModel::Role;

constexpr double kIntegerMax = 1e15;
constexpr int kJsonDepthMax = 64;  // of a tool's parameters

tl::unexpected<ApiError> Missing(const std::string& path) {
  return Refuse(400, fmt::format("Missing required parameter: '{}'.", path), path,
                "missing_required_parameter");
}
tl::unexpected<ApiError> WrongType(const std::string& path, std::string_view expected) {
  return Refuse(400, fmt::format("Invalid type for '{}': expected {}.", path, expected), path,
                "invalid_type");
}
tl::unexpected<ApiError> WrongValue(const std::string& path, std::string_view expected) {
  return Refuse(400, fmt::format("Invalid value for '{}': expected {}.", path, expected), path,
                "invalid_value");
}

// nullptr when absent or null.
const Json* Look(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Parsed<void> ReadString(const Json& object, const std::string& path, const char* key, bool needed,
                        std::string& into) {
  const Json* value = Look(object, key);
  const std::string full = path.empty() ? key : path + "." + key;
  if (value == nullptr) return needed ? Parsed<void>(Missing(full)) : Parsed<void>();
  if (!value->is_string()) return WrongType(full, "a string");
  into = value->get<std::string>();
  return {};
}

template <class T>
Parsed<void> ReadNumber(const Json& object, const char* key, double low, double high,
                        std::optional<T>& into) {
  const Json* value = Look(object, key);
  if (value == nullptr) return {};
  const bool right = std::is_floating_point_v<T> ? value->is_number() : value->is_number_integer();
  if (!right) return WrongType(key, std::is_floating_point_v<T> ? "a number" : "an integer");
  const double number = value->get<double>();
  if (number < low || number > high) return WrongValue(key, fmt::format("{} to {}", low, high));
  into = static_cast<T>(number);
  return {};
}

Parsed<void> ReadBool(const Json& object, const char* key, std::optional<bool>& into) {
  const Json* value = Look(object, key);
  if (value == nullptr) return {};
  if (!value->is_boolean()) return WrongType(key, "a boolean");
  into = value->get<bool>();
  return {};
}

// A string, or text parts, which are joined.
Parsed<std::string> ContentOf(const Json& message, const std::string& path, bool needed) {
  const std::string full = path + ".content";
  const Json* content = Look(message, "content");
  if (content == nullptr) return needed ? Parsed<std::string>(Missing(full)) : std::string();
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array()) return WrongType(full, "a string or an array of text parts");
  std::string text;
  for (size_t i = 0; i < content->size(); ++i) {
    const Json& part = (*content)[i];
    const std::string where = fmt::format("{}[{}]", full, i);
    if (!part.is_object()) return WrongType(where, "an object");
    if (part.value("type", Json()) != "text") {
      return WrongValue(where + ".type", "'text', the only kind that this model reads");
    }
    std::string piece;
    if (auto read = ReadString(part, where, "text", true, piece); !read) {
      return tl::unexpected(read.error());
    }
    text += piece;
  }
  return text;
}

Parsed<void> ReadCalls(const Json& message, const std::string& path, LanguageModel::Message& into) {
  const Json* calls = Look(message, "tool_calls");
  if (calls == nullptr) return {};
  const std::string full = path + ".tool_calls";
  if (!calls->is_array()) return WrongType(full, "an array");
  for (size_t i = 0; i < calls->size(); ++i) {
    const Json& call = (*calls)[i];
    const std::string where = fmt::format("{}[{}]", full, i);
    const Json* function = call.is_object() ? Look(call, "function") : nullptr;
    if (function == nullptr || !function->is_object()) return Missing(where + ".function");
    LanguageModel::ToolCall made;
    auto read = ReadString(call, where, "id", true, made.id);
    if (read) read = ReadString(*function, where + ".function", "name", true, made.name);
    if (read) read = ReadString(*function, where + ".function", "arguments", true, made.arguments);
    if (!read) return read;
    into.tool_calls.push_back(std::move(made));
  }
  return {};
}

Parsed<LanguageModel::Message> ParseMessage(const Json& json, const std::string& path) {
  if (!json.is_object()) return WrongType(path, "an object");
  LanguageModel::Message message;
  std::string role;
  if (auto read = ReadString(json, path, "role", true, role); !read) {
    return tl::unexpected(read.error());
  }
  if (role == "system" || role == "developer") {
    message.role = Role::kSystem;
  } else if (role == "assistant") {
    message.role = Role::kAssistant;
  } else if (role == "tool") {
    message.role = Role::kTool;
  } else if (role != "user") {
    return WrongValue(path + ".role", "'system', 'developer', 'user', 'assistant' or 'tool'");
  }
  auto content = ContentOf(json, path, message.role != Role::kAssistant);
  if (!content) return tl::unexpected(content.error());
  message.text = *std::move(content);
  Parsed<void> read;
  if (message.role == Role::kAssistant) read = ReadCalls(json, path, message);
  if (message.role == Role::kTool) {
    read = ReadString(json, path, "tool_call_id", true, message.tool_call_id);
  }
  if (!read) return tl::unexpected(read.error());
  return message;
}

Parsed<void> ReadMessages(const Json& body, LanguageModel::Request& request) {
  const Json* messages = Look(body, "messages");
  if (messages == nullptr) return Missing("messages");
  if (!messages->is_array()) return WrongType("messages", "an array");
  if (messages->empty() || messages->size() > kChatMessagesMax) {
    return WrongValue("messages", fmt::format("1 to {} messages", kChatMessagesMax));
  }
  for (size_t i = 0; i < messages->size(); ++i) {
    auto message = ParseMessage((*messages)[i], fmt::format("messages[{}]", i));
    if (!message) return tl::unexpected(message.error());
    request.messages.push_back(*std::move(message));
  }
  return {};
}

Parsed<void> ReadTools(const Json& body, LanguageModel::Request& request) {
  const Json* tools = Look(body, "tools");
  if (tools == nullptr) return {};
  if (!tools->is_array()) return WrongType("tools", "an array");
  for (size_t i = 0; i < tools->size(); ++i) {
    const std::string path = fmt::format("tools[{}]", i);
    const Json& tool = (*tools)[i];
    const Json* function = tool.is_object() ? Look(tool, "function") : nullptr;
    if (function == nullptr || !function->is_object()) return Missing(path + ".function");
    LanguageModel::Tool made;
    auto read = ReadString(*function, path + ".function", "name", true, made.name);
    if (read) {
      read = ReadString(*function, path + ".function", "description", false, made.description);
    }
    if (!read) return read;
    if (const Json* parameters = Look(*function, "parameters")) {
      if (!parameters->is_object()) return WrongType(path + ".function.parameters", "an object");
      made.parameters = parameters->dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    request.tools.push_back(std::move(made));
  }
  return {};
}

Parsed<void> ReadToolChoice(const Json& body, LanguageModel::Sampling& sampling) {
  const Json* choice = Look(body, "tool_choice");
  if (choice == nullptr) return {};
  if (*choice == "auto" || *choice == "none" || *choice == "required") {
    sampling.tool_choice = choice->get<std::string>();
    return {};
  }
  const Json* function = choice->is_object() ? Look(*choice, "function") : nullptr;
  if (function == nullptr || !function->is_object()) {
    return WrongValue("tool_choice", "'auto', 'none', 'required' or {type, function: {name}}");
  }
  return ReadString(*function, "tool_choice.function", "name", true, sampling.tool_choice);
}

Parsed<void> ReadStop(const Json& body, LanguageModel::Sampling& sampling) {
  const Json* stop = Look(body, "stop");
  if (stop == nullptr) return {};
  const Json list = stop->is_array() ? *stop : Json::array({*stop});
  for (const Json& one : list) {
    if (!one.is_string()) return WrongType("stop", "a string or an array of strings");
    sampling.stop.push_back(one.get<std::string>());
  }
  if (sampling.stop.size() > 4) return WrongValue("stop", "at most 4 strings");
  return {};
}

Parsed<void> ReadSampling(const Json& body, LanguageModel::Sampling& sampling) {
  auto read = ReadNumber(body, "temperature", 0, 2, sampling.temperature);
  if (read) read = ReadNumber(body, "top_p", 0, 1, sampling.top_p);
  if (read) read = ReadNumber(body, "seed", 0, kIntegerMax, sampling.seed);
  if (read) read = ReadNumber(body, "max_tokens", 1, 1'000'000, sampling.max_tokens);
  if (read) read = ReadNumber(body, "max_completion_tokens", 1, 1'000'000, sampling.max_tokens);
  if (read) read = ReadBool(body, "parallel_tool_calls", sampling.parallel_tool_calls);
  if (read) read = ReadStop(body, sampling);
  if (read) read = ReadToolChoice(body, sampling);
  return read;
}

// What would make the answer another than this one can be.
Parsed<void> CheckForm(const Json& body) {
  if (const Json* n = Look(body, "n"); n != nullptr && *n != 1) {
    return WrongValue("n", "1: the model gives one answer at a time");
  }
  const Json* format = Look(body, "response_format");
  if (format == nullptr) return {};
  if (!format->is_object()) return WrongType("response_format", "an object");
  if (format->value("type", Json()) == "text") return {};
  return WrongValue("response_format.type", "'text'");
}

Parsed<void> ReadStreaming(const Json& body, ChatRequest& request) {
  std::optional<bool> stream;
  std::optional<bool> usage;
  if (auto read = ReadBool(body, "stream", stream); !read) return read;
  if (const Json* options = Look(body, "stream_options")) {
    if (!options->is_object()) return WrongType("stream_options", "an object");
    if (auto read = ReadBool(*options, "include_usage", usage); !read) return read;
  }
  request.stream = stream.value_or(false);
  request.include_usage = usage.value_or(false);
  return {};
}

}  // namespace

Parsed<ChatRequest> ParseChatRequest(std::string_view text) {
  const Json body = NestsDeeper(text, kJsonDepthMax) ? Json() : Json::parse(text, nullptr, false);
  if (!body.is_object()) {
    return Refuse(400,
                  "The body is not a JSON object. Send e.g. {\"model\": \"gpt-4o\", \"messages\": "
                  "[{\"role\": \"user\", \"content\": \"Hello\"}]}.",
                  "", "invalid_json");
  }
  ChatRequest request;
  auto read = ReadString(body, "", "model", true, request.model);
  if (read) read = ReadMessages(body, request.work);
  if (read) read = ReadTools(body, request.work);
  if (read) read = ReadSampling(body, request.work.sampling);
  if (read) read = CheckForm(body);
  if (read) read = ReadStreaming(body, request);
  if (!read) return tl::unexpected(read.error());
  return request;
}

}  // namespace parley::gateway
