// Which text belongs to which sample of a turn: the utterances in order, where each one's audio
// begins, and the marks in between. Answers "how much of the model's text has been heard?", the
// only thing the history may hold. Positions are samples at the output rate from the start of the
// turn's audio (an item's `audio_end_ms` counts the same). Questions allocate nothing.
//
// One sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "segment/segmenter.h"

namespace parley::turn {

class HeardLedger {
 public:
  struct Mark {
    uint32_t text_end = 0;
    int64_t sample = 0;  // of the utterance
  };
  struct Entry {
    UtteranceId id;  // none: silent, only covers its part of the source
    segment::Utterance utterance;
    std::vector<Mark> marks;
    int64_t samples = -1;  // −1: not finished
    bool ready = false;    // its first audio has come
  };

  explicit HeardLedger(int rate_hz) : rate_hz_(rate_hz) { entries_.reserve(16); }

  // In the order of the source. Without an id: nothing is spoken for it.
  void Add(UtteranceId id, segment::Utterance utterance);
  // False for an utterance that is not known or is finished.
  bool Ready(UtteranceId id);
  bool AddMark(UtteranceId id, Mark mark);
  bool Finish(UtteranceId id, int64_t samples);
  // The voice of entry `index` failed: it ends after `samples`, in which `text_bytes` of its text
  // are spoken; the rest of its text becomes a new entry behind it, with the id `rest`.
  void Split(size_t index, int64_t samples, size_t text_bytes, UtteranceId rest);
  // An entry of which nothing was delivered is spoken again under another id.
  void Rename(size_t index, UtteranceId id);

  const std::vector<Entry>& entries() const { return entries_; }
  // Of an entry; entries().size() if there is none with that id.
  size_t IndexOf(UtteranceId id) const;
  // The first entry that is not finished; entries().size() if there is none.
  size_t FirstOpen() const;
  bool AllFinished() const { return FirstOpen() == entries_.size(); }
  // Samples of all finished utterances before entry `index`; the whole with entries().size().
  int64_t StartOf(size_t index) const;
  int64_t TotalSamples() const { return StartOf(entries_.size()); }
  // The text bytes of an entry whose end lies at or before `samples` of it: by the last mark, else
  // the share of its characters, cut at a word.
  size_t TextHeard(const Entry& entry, int64_t samples) const;
  // The source up to the last word that has ended at `position`.
  size_t SourceHeard(int64_t position) const;
  // The source whose audio has begun at `position` (> 0): what may be shown.
  size_t SourceBegun(int64_t position) const;

  // Forgets everything, keeping its memory.
  void Clear() { entries_.clear(); }
  void Swap(HeardLedger& other) { entries_.swap(other.entries_); }

 private:
  Entry* Find(UtteranceId id);
  static bool IsMute(const Entry& entry);

  const int rate_hz_;
  std::vector<Entry> entries_;
};

}  // namespace parley::turn
