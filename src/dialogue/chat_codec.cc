#include "dialogue/chat_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "ports/role_name.h"

namespace parley::dialogue {
namespace {

using Json = nlohmann::json;
using ports::LanguageModel;

constexpr size_t kToolCallsMax = 64;
constexpr size_t kArgumentBytesMax = 256 * 1024;
constexpr size_t kMessageBytesMax = 300;

Json EncodeMessage(const LanguageModel::Message& message) {
  Json out{{"role", ports::RoleName(message.role)}, {"content", message.text}};
  if (!message.tool_call_id.empty()) out["tool_call_id"] = message.tool_call_id;
  for (const auto& call : message.tool_calls) {
    out["tool_calls"].push_back(
        {{"id", call.id},
         {"type", "function"},
         {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  }
  if (message.text.empty() && !message.tool_calls.empty()) out["content"] = nullptr;
  return out;
}

Json EncodeTool(const LanguageModel::Tool& tool) {
  Json function{{"name", tool.name}, {"description", tool.description}};
  Json parameters = Json::parse(tool.parameters, nullptr, /*allow_exceptions=*/false);
  if (parameters.is_object()) function["parameters"] = std::move(parameters);
  return {{"type", "function"}, {"function", std::move(function)}};
}

Json EncodeToolChoice(const std::string& choice) {
  if (choice == "auto" || choice == "none" || choice == "required") return choice;
  return {{"type", "function"}, {"function", {{"name", choice}}}};
}

void EncodeSampling(const LanguageModel::Sampling& sampling, std::string_view max_tokens_field,
                    Json& out) {
  if (sampling.temperature) out["temperature"] = *sampling.temperature;
  if (sampling.top_p) out["top_p"] = *sampling.top_p;
  if (sampling.max_tokens) out[std::string(max_tokens_field)] = *sampling.max_tokens;
  if (sampling.seed) out["seed"] = *sampling.seed;
  if (!sampling.stop.empty()) out["stop"] = sampling.stop;
}

// The value at a key when it is a text or number, else nothing: foreign JSON has any shape.
std::string TextAt(const Json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

int64_t NumberAt(const Json& object, const char* key) {
  if (!object.is_object()) return 0;
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

const Json& At(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found != object.end() ? *found : none;
}

LanguageModel::DoneReason ReasonOf(std::string_view text) {
  if (text == "length") return LanguageModel::DoneReason::kLength;
  if (text == "tool_calls" || text == "function_call") return LanguageModel::DoneReason::kToolCalls;
  return LanguageModel::DoneReason::kStop;
}

std::string OneLine(std::string_view text) {
  std::string line(text.substr(0, kMessageBytesMax));
  // Not in the middle of a character.
  while (text.size() > line.size() && !line.empty() && (line.back() & 0xc0) == 0x80)
    line.pop_back();
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return line;
}

}  // namespace

std::string EncodeChatRequest(const LanguageModel::Request& request,
                              std::string_view max_tokens_field) {
  Json out{{"model", request.model}, {"stream", true}};
  out["stream_options"] = {{"include_usage", true}};
  out["messages"] = Json::array();
  for (const auto& message : request.messages) out["messages"].push_back(EncodeMessage(message));
  for (const auto& tool : request.tools) out["tools"].push_back(EncodeTool(tool));
  const std::string& choice = request.sampling.tool_choice;
  if (!request.tools.empty() && !choice.empty()) out["tool_choice"] = EncodeToolChoice(choice);
  if (!request.tools.empty() && request.sampling.parallel_tool_calls) {
    out["parallel_tool_calls"] = *request.sampling.parallel_tool_calls;
  }
  EncodeSampling(request.sampling, max_tokens_field, out);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> ChatReader::Read(std::string_view data) {
  if (data == "[DONE]") {
    complete_ = true;
    return std::string();
  }
  const Json chunk = Json::parse(data, nullptr, /*allow_exceptions=*/false);
  if (!chunk.is_object()) {
    return Fail(Code::kDataLoss,
                fmt::format("the stream holds what is no JSON object: {}", OneLine(data)));
  }
  if (chunk.contains("error") && !chunk["error"].is_null()) {
    return Fail(Code::kUnavailable, ErrorMessageOf(data));
  }
  if (const Json& usage = At(chunk, "usage"); usage.is_object()) {
    prompt_tokens_ = NumberAt(usage, "prompt_tokens");
    tokens_ = NumberAt(usage, "completion_tokens");
    cached_tokens_ = NumberAt(At(usage, "prompt_tokens_details"), "cached_tokens");
  }
  const Json& choices = At(chunk, "choices");
  if (!choices.is_array() || choices.empty()) return std::string();
  const Json& choice = choices[0];
  if (const std::string reason = TextAt(choice, "finish_reason"); !reason.empty()) {
    reason_ = ReasonOf(reason);
  }
  const Json& delta = At(choice, "delta");
  PARLEY_TRY_STATUS(ReadToolCalls(delta));
  return TextAt(delta, "content");
}

Status ChatReader::ReadToolCalls(const Json& delta) {
  const Json& calls = At(delta, "tool_calls");
  if (!calls.is_array()) return {};
  for (const Json& call : calls) {
    const auto index = static_cast<int>(NumberAt(call, "index"));
    const Json& function = At(call, "function");
    const std::string arguments = TextAt(function, "arguments");
    argument_bytes_ += arguments.size();
    const bool is_new = !tool_calls_.contains(index);
    if ((is_new && tool_calls_.size() >= kToolCallsMax) || argument_bytes_ > kArgumentBytesMax) {
      return Fail(Code::kOutOfRange,
                  fmt::format("the model makes more than {} tool calls or {} bytes of arguments",
                              kToolCallsMax, kArgumentBytesMax));
    }
    LanguageModel::ToolCall& known = tool_calls_[index];
    if (known.id.empty()) known.id = TextAt(call, "id");
    if (known.name.empty()) known.name = TextAt(function, "name");
    known.arguments += arguments;
  }
  return {};
}

Result<LanguageModel::Done> ChatReader::Finish() const {
  if (!complete_ && !reason_) {
    return Fail(Code::kUnavailable, "the answer was cut off before its end");
  }
  LanguageModel::Done done{.reason = reason_.value_or(LanguageModel::DoneReason::kStop)};
  // Some servers say "stop" after a call.
  if (!tool_calls_.empty()) done.reason = LanguageModel::DoneReason::kToolCalls;
  done.prompt_tokens = prompt_tokens_;
  done.cached_tokens = cached_tokens_;
  done.tokens = tokens_;
  return done;
}

std::vector<LanguageModel::ToolCall> ChatReader::tool_calls() const {
  std::vector<LanguageModel::ToolCall> calls;
  for (const auto& [index, call] : tool_calls_) {
    calls.push_back(call);
    // A call without arguments is one with none, not broken JSON.
    if (calls.back().arguments.empty()) calls.back().arguments = "{}";
    if (calls.back().id.empty()) calls.back().id = fmt::format("call_{}", index);
  }
  return calls;
}

std::string ErrorMessageOf(std::string_view body) {
  const Json parsed = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  const Json& error = At(parsed, "error");
  if (error.is_string()) return OneLine(error.get<std::string>());
  std::string message = TextAt(error, "message");
  if (message.empty()) message = TextAt(parsed, "message");
  if (message.empty()) message = TextAt(parsed, "detail");
  return OneLine(message.empty() ? body : std::string_view(message));
}

}  // namespace parley::dialogue
