#include "dialogue/llm_config.h"

#include <fmt/format.h>

namespace parley::dialogue {
namespace {

constexpr char kInstructions[] =
    "You are a friendly voice assistant. Reply in one or two short spoken sentences, without "
    "lists, symbols or emoji.";
// The embedded toy model follows a few words, and drifts away with more: asked for the capital of
// France it began with the Marseillaise under the sentences above, and says Paris under these.
constexpr char kInstructionsEmbedded[] = "Answer in one short sentence.";

}  // namespace

std::string LlmConfig::DefaultInstructions() const {
  if (!instructions.empty()) return instructions;
  return ResolvedKind() == LlmKind::kEmbedded ? kInstructionsEmbedded : kInstructions;
}

LlmKind LlmConfig::ResolvedKind() const {
  if (kind != LlmKind::kAuto) return kind;
  return url.empty() ? LlmKind::kEmbedded : LlmKind::kOpenAi;
}

Status LlmConfig::Validate() const {
  const bool is_url = url.starts_with("http://") || url.starts_with("https://");
  if (!url.empty() && !is_url) {
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
