// POST /v1/chat/completions: the request's body, checked, for the language model that conversations
// use. Pure; fuzzed.
//
// Source of fields and ranges: the published OpenAI schema. What the model's port cannot carry and
// would change the answer's form (several choices, other answers than text) is refused; other
// unknown fields are ignored, as clients send what later versions of the API know.
#pragma once

#include <string>
#include <string_view>

#include "gateway/api_error.h"
#include "ports/language_model.h"

namespace parley::gateway {

inline constexpr size_t kChatMessagesMax = 2000;

struct ChatRequest {
  std::string model;                   // as the client calls it
  ports::LanguageModel::Request work;  // without work and model
  bool stream = false;
  bool include_usage = false;  // of a stream
};

Parsed<ChatRequest> ParseChatRequest(std::string_view body);

}  // namespace parley::gateway
