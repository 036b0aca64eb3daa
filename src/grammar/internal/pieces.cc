#include "grammar/internal/pieces.h"

#include <algorithm>
#include <array>

namespace parley::grammar::internal {
namespace {

// Behind a sentence: an ideographic mark needs no blank.
constexpr std::array<std::string_view, 6> kSentenceEnds = {". ", "! ", "? ", "。", "！", "？"};

bool IsFigure(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool IsBoundary(std::string_view text, size_t at) {
  return at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
}

bool HasFigure(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), IsFigure)) return true;
  constexpr std::string_view kFullWidth = "\xef\xbc";  // ０ to ９: EF BC 90 to EF BC 99
  for (size_t at = text.find(kFullWidth); at != std::string_view::npos;
       at = text.find(kFullWidth, at + 2)) {
    if (at + 2 >= text.size()) return false;
    const auto last = static_cast<unsigned char>(text[at + 2]);
    if (last >= 0x90 && last <= 0x99) return true;
  }
  return false;
}

size_t PieceEnd(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text.size();
  const std::string_view head = text.substr(0, bytes_max);
  size_t end = 0;
  for (const std::string_view mark : kSentenceEnds) {
    const size_t at = head.rfind(mark);
    if (at != std::string_view::npos) end = std::max(end, at + mark.size());
  }
  if (end > 0) return end;
  if (const size_t blank = head.rfind(' '); blank != std::string_view::npos) return blank + 1;
  end = bytes_max;
  while (end > 1 && !IsBoundary(text, end)) --end;
  return end;
}

}  // namespace parley::grammar::internal
