#include "cosyvoice2/text/text_frontend.h"

#include <algorithm>

#include "cosyvoice2/text/number_words.h"
#include "cosyvoice2/text/split.h"
#include "text/unicode.h"

namespace parley::cosyvoice2 {
namespace {

bool IsUntouched(std::string_view text, TextMode mode) {
  const bool has_control =
      text.find("<|") != std::string_view::npos && text.find("|>") != std::string_view::npos;
  return mode == TextMode::kOff || text.empty() || has_control;
}

bool IsChinese(char32_t c) { return c >= 0x4e00 && c <= 0x9fff; }

// What Python's str.strip takes away: white space, and the four separators U+001C to U+001F.
bool IsStripped(char32_t c) { return text::IsWhiteSpace(c) || (c >= 0x1c && c <= 0x1f); }

std::u32string_view Strip(std::u32string_view text) {
  while (!text.empty() && IsStripped(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsStripped(text.back())) text.remove_suffix(1);
  return text;
}

// A space stays only between two ASCII characters that are none.
std::u32string DropSpaces(std::u32string_view text) {
  const auto keeps = [&](size_t at) { return text[at] < 0x80 && text[at] != U' '; };
  std::u32string out;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool between = at > 0 && at + 1 < text.size() && keeps(at - 1) && keeps(at + 1);
    if (text[at] != U' ' || between) out += text[at];
  }
  return out;
}

void Replace(std::u32string_view what, std::u32string_view by, std::u32string& text) {
  size_t at = 0;
  while ((at = text.find(what, at)) != std::u32string::npos) {
    text.replace(at, what.size(), by);
    at += by.size();
  }
}

std::u32string NormalizeChinese(std::u32string_view stripped) {
  std::u32string text(stripped);
  std::erase(text, U'\n');
  text = DropSpaces(text);
  Replace(U"²", U"平方", text);
  Replace(U"³", U"立方", text);
  Replace(U".", U"。", text);
  Replace(U" - ", U"，", text);
  for (const char32_t bracket : std::u32string_view(U"（）【】`")) std::erase(text, bracket);
  Replace(U"——", U" ", text);
  const size_t last = text.find_last_not_of(U"，,、");
  const size_t kept = last == std::u32string::npos ? 0 : last + 1;
  if (kept < text.size()) text.replace(kept, text.size() - kept, U"。");
  return text;
}

struct Plain {
  std::string text;
  TextKind kind = TextKind::kOther;
};

Plain MakePlain(std::string_view bytes) {
  const std::u32string decoded = text::DecodeUtf8(bytes);
  const std::u32string_view text = Strip(decoded);
  if (std::any_of(text.begin(), text.end(), IsChinese)) {
    return {text::EncodeUtf8(NormalizeChinese(text)), TextKind::kChinese};
  }
  return {SpellOutNumbers(text::EncodeUtf8(text)), TextKind::kOther};
}

bool IsOnlyPunctuation(const std::string& segment) {
  const std::u32string text = text::DecodeUtf8(segment);
  return std::all_of(text.begin(), text.end(), text::IsPunctuationOrSymbol);
}

}  // namespace

std::string TextFrontend::Normalize(std::string_view text, TextMode mode) const {
  return IsUntouched(text, mode) ? std::string(text) : MakePlain(text).text;
}

std::vector<std::string> TextFrontend::Segments(std::string_view text, TextMode mode) const {
  if (IsUntouched(text, mode)) return {std::string(text)};
  const Plain plain = MakePlain(text);
  std::vector<std::string> segments = SplitText(plain.text, plain.kind, tokenizer_, SplitLimits());
  std::erase_if(segments, IsOnlyPunctuation);
  return segments;
}

}  // namespace parley::cosyvoice2
