#include "dialogue/prompt.h"

#include <algorithm>
#include <utility>

namespace parley::dialogue {
namespace {

using ports::LanguageModel;
using Speaker = HistoryEntry::Speaker;

constexpr size_t kBytesPerToken = 3;
constexpr size_t kTokensPerMessage = 4;
constexpr std::string_view kCutMark = "—";

std::string_view TrimEnd(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

std::string TextOf(const HistoryEntry& entry) {
  std::string text(TrimEnd(entry.text));
  if (entry.cut && !text.empty()) text += kCutMark;
  return text;
}

// An agent that was stopped before its first word said nothing.
bool IsEmpty(const HistoryEntry& entry) {
  return TrimEnd(entry.text).empty() && entry.tool_calls.empty() && entry.speaker != Speaker::kTool;
}

LanguageModel::Role RoleOf(Speaker speaker) {
  switch (speaker) {
    case Speaker::kUser:
      return LanguageModel::Role::kUser;
    case Speaker::kAgent:
      return LanguageModel::Role::kAssistant;
    case Speaker::kTool:
      return LanguageModel::Role::kTool;
    case Speaker::kSystem:
      return LanguageModel::Role::kSystem;
  }
  return LanguageModel::Role::kUser;
}

size_t CostOf(const HistoryEntry& entry) {
  size_t tokens = EstimateTokens(entry.text);
  for (const auto& call : entry.tool_calls) {
    tokens += EstimateTokens(call.name) + EstimateTokens(call.arguments);
  }
  return tokens;
}

// The index from which the entries fit.
size_t FirstThatFits(std::span<const HistoryEntry> history, size_t tokens_left) {
  size_t first = history.size();
  size_t tokens = 0;
  while (first > 0) {
    tokens += CostOf(history[first - 1]);
    if (tokens > tokens_left && first < history.size()) break;
    --first;
  }
  return first;
}

bool MayBegin(const HistoryEntry& entry) {
  return entry.speaker == Speaker::kUser || entry.speaker == Speaker::kSystem;
}

// Forward past what cannot stand at the beginning. Where nothing behind it can (a tool's long
// answer alone fills the budget), back to what the newest entries belong to.
size_t MoveToUser(std::span<const HistoryEntry> history, size_t first) {
  if (first == 0) return 0;  // the whole conversation may begin with the agent's greeting
  for (size_t i = first; i < history.size(); ++i) {
    if (MayBegin(history[i])) return i;
  }
  while (first > 0 && !MayBegin(history[first])) --first;
  return first;
}

bool Joins(const LanguageModel::Message& last, const HistoryEntry& entry) {
  const bool talk = entry.speaker == Speaker::kUser || entry.speaker == Speaker::kAgent;
  return talk && last.role == RoleOf(entry.speaker) && last.tool_calls.empty();
}

const HistoryEntry* AnswerTo(std::span<const HistoryEntry> history, const std::string& call_id) {
  for (const HistoryEntry& entry : history) {
    if (entry.speaker == Speaker::kTool && entry.tool_call_id == call_id) return &entry;
  }
  return nullptr;
}

// Strict endpoints want a tool's answers right behind the one message that asked for all of them,
// and no question without an answer: so calls that stand together are gathered, and those that
// nobody has answered are left out. `at` is the first of them; gives where they end.
size_t AddCalls(std::span<const HistoryEntry> history, size_t at,
                std::vector<LanguageModel::Message>& messages) {
  LanguageModel::Message asking{LanguageModel::Role::kAssistant, {}, {}, {}};
  std::vector<LanguageModel::Message> answers;
  for (; at < history.size() && !history[at].tool_calls.empty(); ++at) {
    if (!asking.text.empty() && !history[at].text.empty()) asking.text += ' ';
    asking.text += TextOf(history[at]);
    for (const LanguageModel::ToolCall& call : history[at].tool_calls) {
      const HistoryEntry* answer = AnswerTo(history.subspan(at), call.id);
      if (answer == nullptr) continue;
      asking.tool_calls.push_back(call);
      answers.push_back({LanguageModel::Role::kTool, TextOf(*answer), {}, call.id});
    }
  }
  const bool joins = !messages.empty() && messages.back().role == asking.role &&
                     messages.back().tool_calls.empty();
  if (joins) {
    if (!asking.text.empty()) messages.back().text += " " + asking.text;
    messages.back().tool_calls = std::move(asking.tool_calls);
  } else if (!asking.tool_calls.empty() || !asking.text.empty()) {
    messages.push_back(std::move(asking));
  }
  messages.insert(messages.end(), answers.begin(), answers.end());
  return at;
}

}  // namespace

size_t EstimateTokens(std::string_view text) {
  return kTokensPerMessage + (text.size() + kBytesPerToken - 1) / kBytesPerToken;
}

std::vector<LanguageModel::Message> BuildPrompt(std::string_view instructions,
                                                std::span<const HistoryEntry> history,
                                                size_t tokens_max) {
  std::vector<LanguageModel::Message> messages;
  size_t tokens_left = tokens_max;
  if (!instructions.empty()) {
    messages.push_back({LanguageModel::Role::kSystem, std::string(instructions), {}, {}});
    tokens_left -= std::min(tokens_left, EstimateTokens(instructions));
  }
  const size_t first = MoveToUser(history, FirstThatFits(history, tokens_left));
  history = history.subspan(first);
  for (size_t at = 0; at < history.size();) {
    const HistoryEntry& entry = history[at];
    if (!entry.tool_calls.empty()) {
      at = AddCalls(history, at, messages);
      continue;
    }
    ++at;
    // A tool's answer stands behind its call.
    if (IsEmpty(entry) || entry.speaker == Speaker::kTool) continue;
    if (!messages.empty() && Joins(messages.back(), entry)) {
      messages.back().text += " " + TextOf(entry);
      continue;
    }
    messages.push_back({RoleOf(entry.speaker), TextOf(entry), {}, {}});
  }
  return messages;
}

}  // namespace parley::dialogue
