#include "piper/nfd.h"

#include <algorithm>
#include <iterator>

namespace parley::piper {
namespace {

struct Row {
  char16_t code;
  char16_t parts[4];
};

constexpr Row kRows[] = {
#include "piper/nfd_table.inc"
};

// The Unicode Standard, chapter 3.12: syllables decompose by arithmetic.
constexpr char32_t kHangulFirst = 0xac00;
constexpr char32_t kHangulCount = 11172;

void AppendHangul(char32_t index, std::u32string& out) {
  out.push_back(0x1100 + index / 588);
  out.push_back(0x1161 + index % 588 / 28);
  if (index % 28 != 0) out.push_back(0x11a7 + index % 28);
}

}  // namespace

void AppendNfd(char32_t code, std::u32string& out) {
  if (code >= kHangulFirst && code < kHangulFirst + kHangulCount) {
    return AppendHangul(code - kHangulFirst, out);
  }
  const auto* row = std::lower_bound(std::begin(kRows), std::end(kRows), code,
                                     [](const Row& a, char32_t b) { return a.code < b; });
  if (row == std::end(kRows) || row->code != code) {
    out.push_back(code);
    return;
  }
  for (const char16_t part : row->parts) {
    if (part != 0) out.push_back(part);
  }
}

}  // namespace parley::piper
