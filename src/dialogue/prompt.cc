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
  return talk && last.role == RoleOf(entry.speaker) && last.tool_calls.empty() &&
         entry.tool_calls.empty();
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
  for (const HistoryEntry& entry : history.subspan(first)) {
    if (IsEmpty(entry)) continue;
    if (!messages.empty() && Joins(messages.back(), entry)) {
      messages.back().text += " " + TextOf(entry);
      continue;
    }
    LanguageModel::Message message{RoleOf(entry.speaker), TextOf(entry), entry.tool_calls, {}};
    message.tool_call_id = entry.tool_call_id;
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace parley::dialogue
