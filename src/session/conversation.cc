#include "session/conversation.h"

#include <algorithm>
#include <utility>

#include "realtime/ids.h"

namespace parley::session {
namespace {

using Speaker = dialogue::HistoryEntry::Speaker;
using realtime::Refuse;

bool HasAgentAudio(const realtime::Item& item) {
  return item.type == realtime::ItemType::kMessage && item.role == realtime::ItemRole::kAssistant &&
         std::any_of(item.content.begin(), item.content.end(), [](const auto& part) {
           return part.type == realtime::PartType::kOutputAudio;
         });
}

size_t AudioSamples(const realtime::Item& item) {
  size_t samples = 0;
  for (const realtime::ContentPart& part : item.content) {
    if (part.audio) samples += part.audio->pcm.size();
  }
  return samples;
}

}  // namespace

realtime::Parsed<std::string> Conversation::Insert(Entry entry,
                                                   const std::optional<std::string>& previous) {
  if (entry.item.id.empty()) entry.item.id = realtime::NewId("item");
  if (Find(entry.item.id)) {
    return Refuse("item_create_duplicate_item_id",
                  "Error adding item: an item with the id '" + entry.item.id + "' already exists.",
                  "item.id");
  }
  auto behind = entries_.end();
  if (previous) {
    behind = entries_.begin();
    if (*previous != "root") {
      while (behind != entries_.end() && behind->item.id != *previous) ++behind;
      if (behind == entries_.end()) {
        return Refuse("invalid_value",
                      "Error adding item: the previous item with id '" + *previous +
                          "' does not exist. Leave it out to append, or say 'root' for the head.",
                      "previous_item_id");
      }
      ++behind;
    }
  }
  std::string before = behind == entries_.begin() ? std::string() : std::prev(behind)->item.id;
  entries_.insert(behind, std::move(entry));
  ForgetOldest();
  return before;
}

void Conversation::ForgetOldest() {
  while (entries_.size() > limits_.items_max) entries_.pop_front();
  size_t samples = 0;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    samples += AudioSamples(entry->item);
    if (samples <= limits_.audio_samples_max) continue;
    for (realtime::ContentPart& part : entry->item.content) part.audio = nullptr;
  }
}

realtime::Parsed<void> Conversation::Delete(std::string_view item_id) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [item_id](const Entry& entry) {
    return entry.item.id == item_id;
  });
  if (found == entries_.end()) {
    return Refuse(
        "item_delete_invalid_item_id",
        "Error deleting item: the item with id '" + std::string(item_id) + "' does not exist.",
        "item_id");
  }
  entries_.erase(found);
  return {};
}

realtime::Parsed<const Conversation::Entry*> Conversation::Retrieve(
    std::string_view item_id) const {
  const Entry* entry = const_cast<Conversation*>(this)->Find(item_id);
  if (entry) return entry;
  return Refuse(
      "item_retrieve_invalid_item_id",
      "Error retrieving item: the item with id '" + std::string(item_id) + "' does not exist.",
      "item_id");
}

realtime::Parsed<Conversation::Entry*> Conversation::Truncatable(std::string_view item_id) {
  Entry* entry = Find(item_id);
  if (!entry) {
    return Refuse(
        "item_truncate_invalid_item_id",
        "Error truncating item: the item with id '" + std::string(item_id) + "' does not exist.",
        "item_id");
  }
  if (HasAgentAudio(entry->item)) return entry;
  return Refuse("", "Only model output audio messages can be truncated", "item_id");
}

Conversation::Entry* Conversation::Find(std::string_view item_id) {
  for (Entry& entry : entries_) {
    if (entry.item.id == item_id) return &entry;
  }
  return nullptr;
}

Conversation::Entry* Conversation::Find(SegmentId segment) {
  for (Entry& entry : entries_) {
    if (segment && entry.segment == segment) return &entry;
  }
  return nullptr;
}

Conversation::Entry* Conversation::Find(TurnId turn) {
  for (Entry& entry : entries_) {
    if (turn && entry.turn == turn && entry.item.type == realtime::ItemType::kMessage) {
      return &entry;
    }
  }
  return nullptr;
}

std::string Conversation::last_id() const {
  return entries_.empty() ? std::string() : entries_.back().item.id;
}

std::vector<dialogue::HistoryEntry> Conversation::History(TurnId speaking,
                                                          std::string_view speaking_text) const {
  std::vector<dialogue::HistoryEntry> history;
  for (const Entry& entry : entries_) {
    const bool own = entry.segment || entry.turn;
    if (!own || entry.item.type != realtime::ItemType::kMessage) {
      if (auto made = HistoryOf(entry.item)) history.push_back(*std::move(made));
      continue;
    }
    const bool speaks = speaking && entry.turn == speaking;
    const std::string_view shown = speaks ? speaking_text : std::string_view(entry.shown);
    if (shown.empty()) continue;
    history.push_back({.speaker = entry.turn ? Speaker::kAgent : Speaker::kUser,
                       .text = std::string(shown),
                       .cut = entry.cut && !speaks});
  }
  return history;
}

std::optional<dialogue::HistoryEntry> HistoryOf(const realtime::Item& item) {
  dialogue::HistoryEntry entry;
  switch (item.type) {
    case realtime::ItemType::kFunctionCall:
      entry.speaker = Speaker::kAgent;
      entry.tool_calls.push_back(
          {.id = item.call_id, .name = item.name, .arguments = item.arguments});
      return entry;
    case realtime::ItemType::kFunctionCallOutput:
      entry.speaker = Speaker::kTool;
      entry.tool_call_id = item.call_id;
      entry.text = item.output;
      return entry;
    case realtime::ItemType::kMessage:
      break;
  }
  entry.text = item.Words();
  if (entry.text.empty()) return std::nullopt;
  if (item.role == realtime::ItemRole::kAssistant) entry.speaker = Speaker::kAgent;
  if (item.role == realtime::ItemRole::kSystem) entry.speaker = Speaker::kSystem;
  return entry;
}

std::string CutByShare(std::string_view text, double share) {
  if (share >= 1) return std::string(text);
  auto bytes = static_cast<size_t>(std::max(share, 0.0) * static_cast<double>(text.size()));
  while (bytes > 0 && text[bytes] != ' ') --bytes;
  return std::string(text.substr(0, bytes));
}

}  // namespace parley::session
