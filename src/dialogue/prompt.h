// What a language model is shown of a conversation. Pure.
//
// History is what was heard: the agent's entries hold only text that was played, and one that was
// stopped ends with an em dash, so that the model knows it was cut off. Entries that follow each
// other from the same speaker become one message, since many chat templates want strict turns. Tool
// calls that stand together become one message, their answers follow it at once, and a call without
// an answer is left out, since strict endpoints refuse anything else.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ports/language_model.h"

namespace parley::dialogue {

struct HistoryEntry {
  enum class Speaker { kUser, kAgent, kTool, kSystem };
  Speaker speaker = Speaker::kUser;
  std::string text;
  bool cut = false;                                        // the agent was stopped here
  std::vector<ports::LanguageModel::ToolCall> tool_calls;  // of the agent
  std::string tool_call_id;                                // of a tool's answer
};

// About four bytes of English are a token, and every message costs some for its frame; three and
// four here, to err to the large side.
size_t EstimateTokens(std::string_view text);

// Instructions first (none when they are empty), then as many of the newest entries as fit into
// `tokens_max` together with them. The newest entry always stays. A conversation is never shown
// from its middle: what is left begins with a word of the user, and no tool's answer without its
// call.
std::vector<ports::LanguageModel::Message> BuildPrompt(std::string_view instructions,
                                                       std::span<const HistoryEntry> history,
                                                       size_t tokens_max);

}  // namespace parley::dialogue
