#include "realtime/transcript_deltas.h"

#include <algorithm>

namespace parley::realtime {
namespace {

// In a script without spaces the last characters of a hypothesis are the unsure ones.
constexpr int kUnsureCharacters = 2;

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// How many bytes both begin with, cut back to where a word ends.
size_t Agreed(std::string_view before, std::string_view now) {
  const auto [end, unused] = std::mismatch(before.begin(), before.end(), now.begin(), now.end());
  auto agreed = static_cast<size_t>(end - before.begin());
  if (now.find(' ') != std::string_view::npos) {
    while (agreed > 0 && (agreed >= now.size() || now[agreed] != ' ')) --agreed;
    return agreed;
  }
  for (int left = kUnsureCharacters; left > 0 && agreed > 0; --left) {
    do {
      --agreed;
    } while (agreed > 0 && IsContinuation(now[agreed]));
  }
  return agreed;
}

}  // namespace

std::string TranscriptDeltas::Revise(std::string_view item_id, std::string_view text) {
  const auto found = std::find_if(items_.begin(), items_.end(),
                                  [item_id](const Item& item) { return item.id == item_id; });
  if (found == items_.end()) {
    if (items_.size() == kItemsMax) items_.pop_front();
    items_.push_back({.id = std::string(item_id), .newest = std::string(text)});
    return {};
  }
  const size_t agreed = Agreed(found->newest, text);
  found->newest = text;
  if (agreed <= found->sent.size() || !text.starts_with(found->sent)) return {};
  std::string delta(text.substr(found->sent.size(), agreed - found->sent.size()));
  found->sent += delta;
  return delta;
}

std::string TranscriptDeltas::Finish(std::string_view item_id, std::string_view text) {
  std::string sent;
  const auto found = std::find_if(items_.begin(), items_.end(),
                                  [item_id](const Item& item) { return item.id == item_id; });
  if (found != items_.end()) {
    sent = std::move(found->sent);
    items_.erase(found);
  }
  return text.starts_with(sent) ? std::string(text.substr(sent.size())) : std::string();
}

}  // namespace parley::realtime
