#include "cosyvoice2/text/split.h"

#include "text/unicode.h"

namespace parley::cosyvoice2 {
namespace {

constexpr std::u32string_view kChineseMarks = U"。？！；：、.?!;";
constexpr std::u32string_view kOtherMarks = U".?!;:";

bool IsClosingQuote(char32_t c) { return c == U'"' || c == U'”'; }

// After each mark, with a closing quote behind it. A mark with nothing before it is dropped, and a
// quote behind it goes to the piece before; without one it begins the next.
std::vector<std::u32string> CutAtMarks(std::u32string_view text, std::u32string_view marks) {
  std::vector<std::u32string> pieces;
  size_t from = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (marks.find(text[at]) == std::u32string_view::npos) continue;
    if (at > from) pieces.emplace_back(text.substr(from, at + 1 - from));
    from = at + 1;
    if (from < text.size() && IsClosingQuote(text[from]) && !pieces.empty()) {
      pieces.back() += text[from++];
    }
  }
  return pieces;
}

size_t Length(std::u32string_view text, TextKind kind, const Tokenizer& tokenizer) {
  if (kind == TextKind::kChinese) return text.size();
  return tokenizer.Encode(text::EncodeUtf8(text)).size();
}

}  // namespace

std::vector<std::string> SplitText(std::string_view bytes, TextKind kind,
                                   const Tokenizer& tokenizer, const SplitLimits& limits) {
  const bool chinese = kind == TextKind::kChinese;
  const std::u32string_view marks = chinese ? kChineseMarks : kOtherMarks;
  std::u32string text = text::DecodeUtf8(bytes);
  if (text.empty()) return {};
  if (marks.find(text.back()) == std::u32string_view::npos) text += chinese ? U'。' : U'.';

  std::vector<std::string> segments;
  std::u32string current;
  for (const std::u32string& piece : CutAtMarks(text, marks)) {
    if (Length(current + piece, kind, tokenizer) > limits.token_max_n &&
        Length(current, kind, tokenizer) > limits.token_min_n) {
      segments.push_back(text::EncodeUtf8(current));
      current.clear();
    }
    current += piece;
  }
  if (current.empty()) return segments;
  if (!segments.empty() && Length(current, kind, tokenizer) < limits.merge_len) {
    segments.back() += text::EncodeUtf8(current);
  } else {
    segments.push_back(text::EncodeUtf8(current));
  }
  return segments;
}

}  // namespace parley::cosyvoice2
