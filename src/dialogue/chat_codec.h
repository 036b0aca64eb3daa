// The OpenAI chat completions protocol: a request as JSON text, and the chunks of a streamed answer
// as events. Pure. One sequence a ChatReader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ports/language_model.h"

namespace parley::dialogue {

// The body of POST …/chat/completions, streamed with usage. `top_k` and `repeat_penalty` are no
// part of the protocol and are left out, since strict servers refuse unknown fields. Text that is
// no UTF-8 is sent with replacement characters.
std::string EncodeChatRequest(const ports::LanguageModel::Request& request,
                              std::string_view max_tokens_field);

// What a streamed answer has come to so far.
class ChatReader {
 public:
  // Text to hand on now; empty when the chunk has none. kDataLoss when it is no chunk; kUnavailable
  // and others when the server reports an error within the stream.
  Result<std::string> Read(std::string_view data);

  // After the end of the stream. kUnavailable when it was cut: nothing said that it was complete.
  Result<ports::LanguageModel::Done> Finish() const;

  // Whole once the stream is complete.
  std::vector<ports::LanguageModel::ToolCall> tool_calls() const;
  // "[DONE]" was seen.
  bool complete() const { return complete_; }

 private:
  Status ReadToolCalls(const nlohmann::json& delta);

  std::map<int, ports::LanguageModel::ToolCall> tool_calls_;
  std::optional<ports::LanguageModel::DoneReason> reason_;
  int64_t prompt_tokens_ = 0;
  int64_t cached_tokens_ = 0;
  int64_t tokens_ = 0;
  size_t argument_bytes_ = 0;
  bool complete_ = false;
};

// The `error.message` of an error's body, or its beginning when it has another form; one line of at
// most 300 bytes.
std::string ErrorMessageOf(std::string_view body);

}  // namespace parley::dialogue
