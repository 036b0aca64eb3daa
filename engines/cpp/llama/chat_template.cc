#include "llama/chat_template.h"

#include <fmt/format.h>
#include <jinja/caps.h>
#include <jinja/parser.h>
#include <jinja/runtime.h>
#include <json.h>

#include <exception>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "ports/role_name.h"

namespace parley::llama {
namespace {

using ports::LanguageModel;
using Json = nlohmann::ordered_json;

// JSON that came as text; the text itself where it is none.
Json Parsed(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json(text) : json;
}

Json ToJson(const LanguageModel::Message& message) {
  Json json = {{"role", ports::RoleName(message.role)}, {"content", message.text}};
  if (!message.tool_call_id.empty()) json["tool_call_id"] = message.tool_call_id;
  for (const LanguageModel::ToolCall& call : message.tool_calls) {
    json["tool_calls"].push_back(
        {{"id", call.id},
         {"type", "function"},
         {"function", {{"name", call.name}, {"arguments", Parsed(call.arguments)}}}});
  }
  return json;
}

Json ToJson(const LanguageModel::Tool& tool) {
  Json function = {{"name", tool.name}, {"description", tool.description}};
  function["parameters"] = tool.parameters.empty() ? Json::object() : Parsed(tool.parameters);
  return {{"type", "function"}, {"function", std::move(function)}};
}

}  // namespace

struct ChatTemplate::Program {
  std::string source;
  jinja::program program;
  jinja::caps caps;
};

ChatTemplate::ChatTemplate(std::unique_ptr<Program> program, std::string bos, std::string eos)
    : program_(std::move(program)), bos_(std::move(bos)), eos_(std::move(eos)) {}

ChatTemplate::~ChatTemplate() = default;

Result<std::unique_ptr<ChatTemplate>> ChatTemplate::Create(const std::string& source,
                                                           std::string bos, std::string eos) {
  try {
    auto program = std::make_unique<Program>();
    program->source = source;
    jinja::lexer lexer;
    program->program = jinja::parse_from_tokens(lexer.tokenize(source));
    program->caps = jinja::caps_get(program->program);
    return std::unique_ptr<ChatTemplate>(
        new ChatTemplate(std::move(program), std::move(bos), std::move(eos)));
  } catch (const std::exception& error) {
    return Fail(Code::kDataLoss,
                fmt::format("the model's chat template cannot be read: {}", error.what()));
  }
}

bool ChatTemplate::supports_tools() const { return program_->caps.supports_tools; }

Result<std::vector<PromptPart>> ChatTemplate::Render(
    const std::vector<LanguageModel::Message>& messages,
    const std::vector<LanguageModel::Tool>& tools) {
  Json variables = {{"messages", Json::array()},
                    {"bos_token", bos_},
                    {"eos_token", eos_},
                    {"add_generation_prompt", true},
                    {"enable_thinking", false}};
  for (const LanguageModel::Message& message : messages) {
    variables["messages"].push_back(ToJson(message));
  }
  if (supports_tools()) {
    for (const LanguageModel::Tool& tool : tools) variables["tools"].push_back(ToJson(tool));
  }
  const std::string text = variables.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::lock_guard lock(mutex_);
  try {
    jinja::context context(program_->source);
    jinja::global_from_json(context, common_json::parse(text), true);
    jinja::runtime runtime(context);
    const auto parts = jinja::runtime::gather_string_parts(runtime.execute(program_->program));
    std::vector<PromptPart> prompt;
    for (const auto& part : parts->as_string().parts) {
      // The texts of bos and eos are ours though they came as variables.
      const bool ours = part.val == bos_ || part.val == eos_;
      prompt.push_back({part.is_input && !ours, part.val});
    }
    return prompt;
  } catch (const std::exception& error) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the model's chat template refuses these messages: {}", error.what()));
  }
}

}  // namespace parley::llama
