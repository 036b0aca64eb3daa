// Leads from a text that was made out of another back to that other: which bytes of the source have
// been spoken when so many bytes of the spoken text have. Built front to back while the text is
// made.
//
// Pieces cover both texts without gap or overlap, in order: a copy (the same bytes on both sides)
// or a replacement (any bytes for any bytes, either side may be empty). One sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::text {

class SpanMap {
 public:
  struct Piece {
    uint32_t text_at = 0;
    uint32_t source_at = 0;
    uint32_t text_bytes = 0;
    uint32_t source_bytes = 0;
    bool copy = false;
    bool operator==(const Piece&) const = default;
  };

  // How far the source has been spoken when `text_bytes` of the text have. Within a copy exact; a
  // replacement counts once it is spoken whole, with what was dropped right behind it.
  size_t SourceOffset(size_t text_bytes) const;

  const std::vector<Piece>& pieces() const { return pieces_; }
  size_t text_bytes() const;
  size_t source_bytes() const;

  // Building. The next `bytes` of the source stand unchanged in the text.
  void AddCopy(size_t bytes);
  // The next `source_bytes` of the source became `text_bytes` of the text.
  void AddReplacement(size_t text_bytes, size_t source_bytes);

  // This map's source being the text of `earlier`: this map's text → the source of `earlier`. What
  // is a copy in both stays one.
  SpanMap Through(const SpanMap& earlier) const;

 private:
  std::vector<Piece> pieces_;
};

}  // namespace parley::text
