#include "dialogue/llm_config.h"

#include <fmt/format.h>

#include <string_view>

namespace parley::dialogue {
namespace {

constexpr char kInstructions[] =
    "You are a friendly voice assistant. Reply in one or two short spoken sentences, without "
    "lists, symbols or emoji.";
// The embedded toy model follows a few words, and drifts away with more: asked for the capital of
// France it began with the Marseillaise under the sentences above, and says Paris under these.
constexpr char kInstructionsEmbedded[] = "Answer in one short sentence.";

bool IsUrl(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

Status CheckFallbacks(const LlmConfig& config) {
  if (config.fallbacks.empty()) return {};
  if (config.ResolvedKind() != LlmKind::kOpenAi) {
    return Fail(Code::kInvalidArgument,
                "llm.fallbacks is set, and no endpoint to fall back from: set llm.url");
  }
  for (const std::string& fallback : config.fallbacks) {
    const size_t space = fallback.find(' ');
    if (IsUrl(fallback) && space != std::string::npos && space + 1 < fallback.size()) continue;
    return Fail(Code::kInvalidArgument,
                fmt::format("llm.fallbacks has '{}': each is the base of an endpoint and its "
                            "model's name, like 'http://127.0.0.1:11434/v1 llama3.2'",
                            fallback));
  }
  return {};
}

}  // namespace

std::string LlmConfig::DefaultInstructions() const {
  if (!instructions.empty()) return instructions;
  return ResolvedKind() == LlmKind::kEmbedded ? kInstructionsEmbedded : kInstructions;
}

LlmKind LlmConfig::ResolvedKind() const {
  if (kind != LlmKind::kAuto) return kind;
  return url.empty() ? LlmKind::kEmbedded : LlmKind::kOpenAi;
}

std::vector<LlmConfig> LlmConfig::Endpoints() const {
  std::vector<LlmConfig> endpoints(1 + fallbacks.size(), *this);
  for (size_t i = 0; i < endpoints.size(); ++i) {
    LlmConfig& endpoint = endpoints[i];
    endpoint.fallbacks.clear();
    if (i == 0) continue;
    const size_t space = fallbacks[i - 1].find(' ');
    endpoint.url = fallbacks[i - 1].substr(0, space);
    endpoint.model = space == std::string::npos ? "" : fallbacks[i - 1].substr(space + 1);
    endpoint.key = fallback_key;
  }
  return endpoints;
}

Status LlmConfig::Validate() const {
  PARLEY_TRY_STATUS(CheckFallbacks(*this));
  if (!url.empty() && !IsUrl(url)) {
    return Fail(Code::kInvalidArgument,
                fmt::format("llm.url = '{}' must begin with http:// or https://, like "
                            "http://127.0.0.1:11434/v1",
                            url));
  }
  if (ResolvedKind() == LlmKind::kOpenAi && url.empty()) {
    return Fail(Code::kInvalidArgument, "llm.kind is openai and llm.url is empty: set llm.url");
  }
  if (ResolvedKind() == LlmKind::kOpenAi && model.empty()) {
    return Fail(Code::kInvalidArgument,
                "llm.url is set and llm.model is empty: name the endpoint's model by llm.model");
  }
  if (ResolvedKind() == LlmKind::kScript && script.empty()) {
    return Fail(Code::kInvalidArgument, "llm.kind is script and llm.script has no lines");
  }
  return {};
}

void BindConfig(config::Binder& binder, LlmConfig& config) {
  binder.Choice<LlmKind>("llm.kind", &config.kind,
                         {{"auto", LlmKind::kAuto},
                          {"embedded", LlmKind::kEmbedded},
                          {"openai", LlmKind::kOpenAi},
                          {"echo", LlmKind::kEcho},
                          {"script", LlmKind::kScript}},
                         "Who thinks: auto is openai when llm.url is set, else the embedded model; "
                         "echo and script are test instruments.");
  binder.Field("llm.url", &config.url,
               "Base of an OpenAI-compatible endpoint, e.g. http://127.0.0.1:11434/v1.");
  binder.Field("llm.model", &config.model, "The model's name at that endpoint.");
  binder.Secret("llm.key", &config.key, "Key of that endpoint.");
  binder.Field(
      "llm.fallbacks", &config.fallbacks,
      "Endpoints that are asked when the one before fails or is silent, each 'URL MODEL'.");
  binder.Secret("llm.fallback_key", &config.fallback_key, "Key of those endpoints.");
  binder.Field("llm.fallback_after_ms", &config.fallback_after_ms, {100, 60'000},
               "What an endpoint may wait before its first word where there is another; after 5 s "
               "without a word callers hear the apology.");
  binder.Field("llm.tools_file", &config.tools_file,
               "JSON list of tools that conversations may call: HTTP addresses of ours, each with "
               "its name, description, parameters, timeout_ms (docs/tools.md); empty: none.");
  binder.Field("llm.instructions", &config.instructions,
               "The system prompt of sessions that bring none; empty: a short one for voice.");
  binder.Field("llm.temperature", &config.temperature, {-1, 2}, "Below 0: the model's own.");
  binder.Field("llm.max_tokens", &config.max_tokens, {1, 32'768}, "Longest reply.");
  binder.Choice("llm.max_tokens_field", &config.max_tokens_field,
                {"max_tokens", "max_completion_tokens"},
                "How the endpoint calls that limit; some refuse the older name.");
  binder.Field("llm.context_tokens", &config.context_tokens, {256, 1'000'000},
               "How much of the conversation the model is shown, estimated; larger costs time "
               "before the first word.");
  binder.Field("llm.connect_timeout_ms", &config.connect_timeout_ms, {10, 60'000},
               "Until the endpoint counts as unreachable.");
  binder.Field("llm.stall_timeout_ms", &config.stall_timeout_ms, {100, 600'000},
               "Longest silence within an answer.");
  binder.Field("llm.script", &config.script, "Lines of the script instrument, one a turn.");
  binder.Field("llm.script_first_ms", &config.script_first_ms, {0, 60'000},
               "What echo and script wait before the first word.");
  binder.Field("llm.script_word_ms", &config.script_word_ms, {0, 10'000},
               "What echo and script wait before each later word.");
}

}  // namespace parley::dialogue
