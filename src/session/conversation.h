// The items of one conversation in their order, as the protocol shows them, and beside each what
// the language model is shown of it: of the agent's own items only what was heard. Pure, bounded.
// One sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "dialogue/prompt.h"
#include "realtime/item.h"
#include "realtime/protocol_error.h"

namespace parley::session {

class Conversation {
 public:
  struct Limits {
    size_t items_max = 1000;                 // the oldest are forgotten beyond
    size_t audio_samples_max = 16'000 * 20;  // kept for `retrieve`, of the newest items
  };

  struct Entry {
    realtime::Item item;
    SegmentId segment;    // of what the user said
    TurnId turn;          // of what the agent said
    int64_t sent_ms = 0;  // of the agent's audio
    std::string shown;    // what the language model sees; empty: nothing
    bool cut = false;     // the agent was stopped there
  };

  explicit Conversation(const Limits& limits) : limits_(limits) {}

  // Without `previous` at the end; "root": at the head; else behind that item. An item without an
  // id gets one. Gives the id of the item before it, empty at the head.
  //   item_create_duplicate_item_id, or invalid_value for an unknown `previous`.
  realtime::Parsed<std::string> Insert(Entry entry,
                                       const std::optional<std::string>& previous = std::nullopt);
  // item_delete_invalid_item_id
  realtime::Parsed<void> Delete(std::string_view item_id);
  // Pointers stay valid until the entry goes.
  // item_retrieve_invalid_item_id
  realtime::Parsed<const Entry*> Retrieve(std::string_view item_id) const;
  // The agent's spoken item of that id: item_truncate_invalid_item_id for an unknown one, an error
  // without a code for an item of another kind.
  realtime::Parsed<Entry*> Truncatable(std::string_view item_id);

  Entry* Find(std::string_view item_id);
  Entry* Find(SegmentId segment);
  Entry* Find(TurnId turn);
  // The last item; empty without any.
  std::string last_id() const;
  size_t size() const { return entries_.size(); }

  // For the prompt. Of the turn being spoken (`speaking`), which is not settled yet, its text so
  // far stands in the place of its item.
  std::vector<dialogue::HistoryEntry> History(TurnId speaking,
                                              std::string_view speaking_text) const;

 private:
  void ForgetOldest();

  const Limits limits_;
  std::list<Entry> entries_;
};

// How a language model is shown an item that the client made; nullopt: not at all.
std::optional<dialogue::HistoryEntry> HistoryOf(const realtime::Item& item);

// The beginning of `text` that `share` (0 to 1) of it reaches, cut at a word: what was heard when
// nothing better is known.
std::string CutByShare(std::string_view text, double share);

}  // namespace parley::session
