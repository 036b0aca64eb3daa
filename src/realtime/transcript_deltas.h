// A recognizer revises what it heard; the protocol's transcription deltas only append. Between the
// two: of each partial text goes out what the one before agreed to, whole words only; at the end
// the rest. Pure, bounded. One sequence.
//
// Source of the rule: local agreement of two consecutive hypotheses (Liu et al., "Low-Latency
// Sequence-to-Sequence Speech Recognition and Translation by Partial Hypothesis Selection", 2020).
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace parley::realtime {

class TranscriptDeltas {
 public:
  static constexpr size_t kItemsMax = 8;  // at once; the oldest is forgotten

  // A newer text of an item whose words are still coming. What may be appended now; may be empty.
  std::string Revise(std::string_view item_id, std::string_view text);
  // The item's words are settled: what is left of them. Empty when they differ from what went out
  // already; the completed transcript is what counts.
  std::string Finish(std::string_view item_id, std::string_view text);

 private:
  struct Item {
    std::string id;
    std::string newest;
    std::string sent;
  };
  std::deque<Item> items_;
};

}  // namespace parley::realtime
