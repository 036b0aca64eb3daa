// Text from a language model, as the dialogue sees it: one stream a reply. Streams and sinks live
// by the rule of ports/stream.h. Events: Delta and ToolCall as they come, then exactly one Done or
// Failed. Cancel is answered by Done{kCancelled}.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ports/stream.h"

namespace parley::ports {

class LanguageModel {
 public:
  // A function call that the model asked for. `arguments` is JSON text as the model wrote it.
  struct ToolCall {
    std::string id;
    std::string name;
    std::string arguments;
    bool operator==(const ToolCall&) const = default;
  };

  enum class Role { kSystem, kUser, kAssistant, kTool };
  struct Message {
    Role role = Role::kUser;
    std::string text;
    std::vector<ToolCall> tool_calls;  // of an assistant's message
    std::string tool_call_id;          // of a tool's message: which call it answers
    bool operator==(const Message&) const = default;
  };

  struct Tool {
    std::string name;
    std::string description;
    std::string parameters;  // JSON schema as text; empty: no parameters
    bool operator==(const Tool&) const = default;
  };

  // Absent fields are the model's own defaults.
  struct Sampling {
    std::optional<double> temperature;  // 0 is greedy
    std::optional<double> top_p;
    std::optional<int> top_k;
    std::optional<double> repeat_penalty;
    std::optional<int> max_tokens;
    std::optional<uint64_t> seed;
    std::vector<std::string> stop;
    std::string tool_choice;  // "auto" when empty; "none", "required", or a tool's name
    std::optional<bool> parallel_tool_calls;
    bool operator==(const Sampling&) const = default;
  };

  struct Request {
    Work work;
    std::string model;  // empty: the default language model
    std::vector<Message> messages;
    std::vector<Tool> tools;
    Sampling sampling;
    // Streams with the same key usually share the beginning of their messages (a session's turns):
    // a model that keeps its state per key need not read that part again. Empty: no reuse.
    std::string prefix_key;
    int64_t ready_timeout_ms = kReadyTimeoutDefaultMs;
  };

  struct Delta {
    std::string text;  // whole UTF-8 characters
  };
  enum class DoneReason { kStop, kLength, kToolCalls, kCancelled };
  struct Done {
    DoneReason reason = DoneReason::kStop;
    int64_t prompt_tokens = 0;
    int64_t cached_tokens = 0;  // of the prompt, not computed again
    int64_t tokens = 0;
    int64_t first_us = 0;  // start → first token
    int64_t compute_us = 0;
  };
  struct Failed {
    Error error;
    bool retryable = false;
  };

  using Event = std::variant<Delta, ToolCall, Done, Failed>;
  using Sink = std::function<void(Event)>;

  class Stream {
   public:
    virtual ~Stream() = default;
    virtual void Cancel() = 0;
  };

  virtual ~LanguageModel() = default;
  virtual std::unique_ptr<Stream> Start(Request request, Sink sink) = 0;
};

// True for the event that ends a stream.
inline bool IsLast(const LanguageModel::Event& event) {
  return std::holds_alternative<LanguageModel::Done>(event) ||
         std::holds_alternative<LanguageModel::Failed>(event);
}

}  // namespace parley::ports
