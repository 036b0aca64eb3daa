#include "cosyvoice2/text/pre_tokenizer.h"

#include <algorithm>

#include "text/unicode.h"

namespace parley::cosyvoice2 {
namespace {

bool IsLineEnd(char32_t c) { return c == U'\r' || c == U'\n'; }

// Neither white space nor letter nor number: punctuation, symbols, marks.
bool IsOther(char32_t c) {
  return !text::IsWhiteSpace(c) && !text::IsLetter(c) && !text::IsNumber(c);
}

template <class Is>
size_t SkipWhile(std::u32string_view text, size_t from, const Is& is) {
  while (from < text.size() && is(text[from])) ++from;
  return from;
}

// Lower-cases what can fold to an ASCII letter of the contractions; U+017F is a long s.
char32_t Fold(char32_t c) {
  if (c >= U'A' && c <= U'Z') return c + (U'a' - U'A');
  return c == U'\u017f' ? U's' : c;
}

// The end of 's, 't, 're, 've, 'm, 'll or 'd; `from` if there is none.
size_t ContractionEnd(std::u32string_view text, size_t from) {
  constexpr std::u32string_view kEndings[] = {U"s", U"t", U"re", U"ve", U"m", U"ll", U"d"};
  if (text[from] != U'\'') return from;
  for (const std::u32string_view ending : kEndings) {
    const std::u32string_view found = text.substr(from + 1, ending.size());
    const bool same = std::equal(found.begin(), found.end(), ending.begin(), ending.end(),
                                 [](char32_t a, char32_t b) { return Fold(a) == b; });
    if (same) return from + 1 + ending.size();
  }
  return from;
}

// Letters, with one character in front that is neither of them nor a number nor a line end.
size_t WordEnd(std::u32string_view text, size_t from) {
  size_t letters = from;
  if (!IsLineEnd(text[from]) && !text::IsLetter(text[from]) && !text::IsNumber(text[from])) {
    ++letters;
  }
  const size_t end = SkipWhile(text, letters, text::IsLetter);
  return end > letters ? end : from;
}

size_t SpaceEnd(std::u32string_view text, size_t from) {
  const size_t end = SkipWhile(text, from, text::IsWhiteSpace);
  // Up to the last line end, if there is one.
  for (size_t at = end; at-- > from;) {
    if (IsLineEnd(text[at])) return at + 1;
  }
  // The last space in front of something is left to that.
  return end < text.size() && end - from > 1 ? end - 1 : end;
}

}  // namespace

size_t PieceEnd(std::u32string_view text, size_t from) {
  if (const size_t end = ContractionEnd(text, from); end > from) return end;
  if (const size_t end = WordEnd(text, from); end > from) return end;
  if (text::IsNumber(text[from])) return from + 1;
  const size_t others = text[from] == U' ' ? from + 1 : from;
  if (const size_t end = SkipWhile(text, others, IsOther); end > others) {
    return SkipWhile(text, end, IsLineEnd);
  }
  return SpaceEnd(text, from);
}

}  // namespace parley::cosyvoice2
