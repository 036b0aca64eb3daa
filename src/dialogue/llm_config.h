// [llm] of the configuration: who thinks.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "config/binder.h"

namespace parley::dialogue {

enum class LlmKind {
  kAuto,      // kOpenAi when a URL is set, else kEmbedded
  kEmbedded,  // a worker's own model
  kOpenAi,    // an OpenAI-compatible endpoint
  kEcho,      // test instrument: says what it heard
  kScript,    // test instrument: says prepared lines
};

struct LlmConfig {
  LlmKind kind = LlmKind::kAuto;
  // Base of an OpenAI-compatible endpoint, e.g. http://127.0.0.1:11434/v1
  std::string url;
  std::string model;  // its name there; of the embedded model when there is no URL
  Secret key;
  // "URL MODEL" of endpoints that are asked in turn when one before fails, or has no word for
  // fallback_after_ms.
  std::vector<std::string> fallbacks;
  Secret fallback_key;  // of all of them
  int fallback_after_ms = 2000;
  std::filesystem::path tools_file;  // of the server's own tools (http_tools.h); empty: none
  std::string instructions;          // empty: DefaultInstructions
  double temperature = -1;           // below 0: the model's own
  int max_tokens = 256;              // of a reply; more is rarely listened to
  // "max_tokens", or "max_completion_tokens" for servers that refuse the former.
  std::string max_tokens_field = "max_tokens";
  int context_tokens = 1500;  // of what is shown to the model, estimated; older turns fall out
  int connect_timeout_ms = 3'000;
  int stall_timeout_ms = 15'000;  // between two pieces of an answer
  std::vector<std::string> script = {"This is the first line of the script.",
                                     "And this is the second."};
  int script_first_ms = 0;  // what echo and script wait before the first word
  int script_word_ms = 0;   // and before each later one

  // kAuto resolved.
  LlmKind ResolvedKind() const;
  // All endpoints, the preferred one first, each as a configuration of its own.
  std::vector<LlmConfig> Endpoints() const;
  // The system prompt of sessions that bring none.
  std::string DefaultInstructions() const;
  // kInvalidArgument names the field.
  Status Validate() const;
};

void BindConfig(config::Binder& binder, LlmConfig& config);

}  // namespace parley::dialogue
