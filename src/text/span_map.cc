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

}  // namespace parley::text
