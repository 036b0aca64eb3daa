#include "text/span_map.h"

#include <algorithm>

namespace parley::text {

size_t SpanMap::text_bytes() const {
  return pieces_.empty() ? 0 : pieces_.back().text_at + pieces_.back().text_bytes;
}

size_t SpanMap::source_bytes() const {
  return pieces_.empty() ? 0 : pieces_.back().source_at + pieces_.back().source_bytes;
}

size_t SpanMap::SourceOffset(size_t text_bytes) const {
  if (text_bytes >= this->text_bytes()) return source_bytes();
  // The first piece that is not wholly spoken; empty ones at its beginning are behind already.
  const auto piece = std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& p) {
    return p.text_at + p.text_bytes > text_bytes;
  });
  return piece->source_at + (piece->copy ? text_bytes - piece->text_at : 0);
}

void SpanMap::AddCopy(size_t bytes) {
  if (bytes == 0) return;
  const auto count = static_cast<uint32_t>(bytes);
  if (!pieces_.empty() && pieces_.back().copy) {
    pieces_.back().text_bytes += count;
    pieces_.back().source_bytes += count;
    return;
  }
  pieces_.push_back({static_cast<uint32_t>(text_bytes()), static_cast<uint32_t>(source_bytes()),
                     count, count, true});
}

void SpanMap::AddReplacement(size_t text_bytes, size_t source_bytes) {
  if (text_bytes == 0 && source_bytes == 0) return;
  if (text_bytes == 0 && !pieces_.empty() && !pieces_.back().copy) {
    pieces_.back().source_bytes += static_cast<uint32_t>(source_bytes);
    return;
  }
  pieces_.push_back({static_cast<uint32_t>(this->text_bytes()),
                     static_cast<uint32_t>(this->source_bytes()), static_cast<uint32_t>(text_bytes),
                     static_cast<uint32_t>(source_bytes), false});
}

SpanMap SpanMap::Through(const SpanMap& earlier) const {
  SpanMap joined;
  // The next `bytes` of the text come from what ends at `between` of the text between.
  const auto add = [&](size_t bytes, size_t between, bool copy) {
    size_t source = earlier.SourceOffset(between) - joined.source_bytes();
    if (copy) {
      joined.AddCopy(bytes);
      source -= bytes;  // what is left was dropped right behind it
    }
    joined.AddReplacement(copy ? 0 : bytes, source);
  };
  auto under = earlier.pieces_.begin();
  for (const Piece& piece : pieces_) {
    const size_t end = piece.source_at + piece.source_bytes;
    if (!piece.copy) add(piece.text_bytes, end, false);
    for (size_t at = piece.copy ? piece.source_at : end; at < end;) {
      while (under->text_at + under->text_bytes <= at) ++under;
      const size_t stop = std::min<size_t>(end, under->text_at + under->text_bytes);
      // What was dropped in front of the whole text.
      const size_t lead = under->source_at + (under->copy ? at - under->text_at : 0);
      if (joined.text_bytes() == 0) joined.AddReplacement(0, lead - joined.source_bytes());
      add(stop - at, stop, under->copy);
      at = stop;
    }
  }
  joined.AddReplacement(0, earlier.source_bytes() - joined.source_bytes());
  return joined;
}

}  // namespace parley::text
