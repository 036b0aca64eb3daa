#include "turn/heard_ledger.h"

#include <algorithm>

namespace parley::turn {
namespace {

// Of ordinary speech; used only while an utterance without marks has not ended.
constexpr int kBytesPerSecond = 15;

// Back to the end of a whole word.
size_t CutAtWord(std::string_view text, size_t bytes) {
  if (bytes >= text.size()) return text.size();
  while (bytes > 0 && text[bytes] != ' ') --bytes;
  return bytes;
}

}  // namespace

void HeardLedger::Add(UtteranceId id, segment::Utterance utterance) {
  entries_.push_back({.id = id, .utterance = std::move(utterance)});
  if (!id) entries_.back().samples = 0;
}

HeardLedger::Entry* HeardLedger::Find(UtteranceId id) {
  if (!id) return nullptr;
  for (Entry& entry : entries_) {
    if (entry.id == id) return &entry;
  }
  return nullptr;
}

bool HeardLedger::Ready(UtteranceId id) {
  Entry* entry = Find(id);
  if (!entry || entry->samples >= 0) return false;
  entry->ready = true;
  return true;
}

bool HeardLedger::AddMark(UtteranceId id, Mark mark) {
  Entry* entry = Find(id);
  if (!entry || entry->samples >= 0 || mark.text_end > entry->utterance.text.size()) return false;
  if (!entry->marks.empty() && mark.sample < entry->marks.back().sample) return false;
  entry->marks.push_back(mark);
  return true;
}

bool HeardLedger::Finish(UtteranceId id, int64_t samples) {
  Entry* entry = Find(id);
  if (!entry || entry->samples >= 0 || samples < 0) return false;
  entry->samples = samples;
  return true;
}

void HeardLedger::Split(size_t index, int64_t samples, size_t text_bytes, UtteranceId rest) {
  segment::Utterance& spoken = entries_[index].utterance;
  Entry after{.id = rest};
  const size_t said = text_bytes;
  while (text_bytes < spoken.text.size() && spoken.text[text_bytes] == ' ') ++text_bytes;
  const size_t cut = segment::SourceOffset(spoken, text_bytes);
  after.utterance = {.text = spoken.text.substr(text_bytes),
                     .source_from = cut,
                     .source_upto = spoken.source_upto};
  const size_t source_shift = cut - spoken.source_from;
  for (const segment::SourceSpan& span : spoken.spans) {
    if (span.text_at + span.length <= text_bytes) continue;
    const size_t skip = text_bytes > span.text_at ? text_bytes - span.text_at : 0;
    after.utterance.spans.push_back(
        {.text_at = static_cast<uint32_t>(span.text_at + skip - text_bytes),
         .source_at = static_cast<uint32_t>(span.source_at + skip - source_shift),
         .length = static_cast<uint32_t>(span.length - skip)});
  }
  spoken.text.resize(said);
  spoken.source_upto = cut;
  std::erase_if(entries_[index].marks, [said](const Mark& mark) { return mark.text_end > said; });
  entries_[index].samples = samples;
  entries_.insert(entries_.begin() + static_cast<ptrdiff_t>(index) + 1, std::move(after));
}

void HeardLedger::Rename(size_t index, UtteranceId id) {
  entries_[index].id = id;
  entries_[index].marks.clear();
  entries_[index].ready = false;
}

size_t HeardLedger::IndexOf(UtteranceId id) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [id](const Entry& entry) { return entry.id == id; });
  return static_cast<size_t>(found - entries_.begin());
}

size_t HeardLedger::FirstOpen() const {
  const auto open = std::find_if(entries_.begin(), entries_.end(),
                                 [](const Entry& entry) { return entry.samples < 0; });
  return static_cast<size_t>(open - entries_.begin());
}

int64_t HeardLedger::StartOf(size_t index) const {
  int64_t start = 0;
  for (size_t i = 0; i < index; ++i) start += std::max<int64_t>(entries_[i].samples, 0);
  return start;
}

size_t HeardLedger::TextHeard(const Entry& entry, int64_t samples) const {
  const std::string_view text = entry.utterance.text;
  if (entry.samples >= 0 && samples >= entry.samples) return text.size();
  if (samples <= 0) return 0;
  if (!entry.marks.empty()) {
    const auto after =
        std::partition_point(entry.marks.begin(), entry.marks.end(),
                             [samples](const Mark& mark) { return mark.sample <= samples; });
    return after == entry.marks.begin() ? 0 : std::prev(after)->text_end;
  }
  const int64_t whole = entry.samples > 0
                            ? entry.samples
                            : static_cast<int64_t>(text.size()) * rate_hz_ / kBytesPerSecond;
  if (whole <= 0) return 0;
  return CutAtWord(text, static_cast<size_t>(static_cast<int64_t>(text.size()) * samples / whole));
}

// An utterance of which there is no audio: not begun, or finished without a sample.
bool HeardLedger::IsMute(const Entry& entry) { return !entry.ready && entry.samples <= 0; }

size_t HeardLedger::SourceHeard(int64_t position) const {
  if (position <= 0) return 0;
  int64_t start = 0;
  size_t heard = 0;
  for (const Entry& entry : entries_) {
    if (!entry.id) {
      // Silent source counts as heard once what stands before it was.
      if (heard == entry.utterance.source_from) heard = entry.utterance.source_upto;
      continue;
    }
    if (entry.samples == 0) continue;
    const size_t text = IsMute(entry) ? 0 : TextHeard(entry, position - start);
    if (text == 0) break;
    heard = segment::SourceOffset(entry.utterance, text);
    if (entry.samples < 0 || text < entry.utterance.text.size()) break;
    start += entry.samples;
  }
  return heard;
}

size_t HeardLedger::SourceBegun(int64_t position) const {
  if (position <= 0) return 0;
  int64_t start = 0;
  size_t begun = 0;
  for (const Entry& entry : entries_) {
    if (entry.id && entry.samples == 0) continue;
    if (entry.id && (position <= start || IsMute(entry))) break;
    begun = entry.utterance.source_upto;
    if (entry.samples < 0) break;
    start += entry.samples;
  }
  return begun;
}

}  // namespace parley::turn
