#include "segment/speakable.h"

#include <algorithm>

#include "segment/internal/utf8.h"

namespace parley::segment {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAsciiLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Stripper {
 public:
  Stripper(std::string_view source, bool opens_line) : source_(source), line_start_(opens_line) {}

  Speakable Run() {
    while (at_ < source_.size()) Step();
    if (!has_word_) return {};
    return std::move(result_);
  }

 private:
  char Peek(size_t ahead) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }

  void Step() {
    if (line_start_ && SkipLineMark()) return;
    if (SkipLink() || SkipTag() || SkipReference()) return;
    const CodePoint c = DecodeAt(source_, at_);
    const size_t bytes = std::max<size_t>(c.bytes, 1);
    if (!c.valid || (c.value < 0x20 && !IsSpace(c.value)) || c.value == 0x7f || c.value == 0xfeff ||
        IsEmoji(c.value)) {
      Skip(bytes);
    } else if (IsSpace(c.value)) {
      line_start_ = line_start_ || c.value == '\n';
      space_ = true;
      skipped_ = false;
      at_ += bytes;
    } else if (IsMarkup(static_cast<char>(c.value < 0x80 ? c.value : 'x'))) {
      Skip(bytes);
    } else {
      // "hello 👋, friend" is said as "hello, friend".
      if (skipped_ && IsTrailing(source_[at_])) space_ = false;
      Keep(bytes, IsLetterOrDigit(c.value));
    }
  }

  void Skip(size_t bytes) {
    at_ += bytes;
    line_start_ = false;
    skipped_ = true;
  }

  void Keep(size_t bytes, bool is_word) {
    if (space_ && !result_.text.empty()) {
      result_.text.push_back(' ');
    }
    space_ = false;
    skipped_ = false;
    line_start_ = false;
    has_word_ = has_word_ || is_word;
    const auto text_at = static_cast<uint32_t>(result_.text.size());
    const auto source_at = static_cast<uint32_t>(at_);
    result_.text.append(source_.substr(at_, bytes));
    at_ += bytes;
    if (!result_.spans.empty()) {
      SourceSpan& last = result_.spans.back();
      if (last.text_at + last.length == text_at && last.source_at + last.length == source_at) {
        last.length += static_cast<uint32_t>(bytes);
        return;
      }
    }
    result_.spans.push_back({text_at, source_at, static_cast<uint32_t>(bytes)});
  }

  // "- ", "* ", "+ ", "> ", "# " and rules ("---") that open a line.
  bool SkipLineMark() {
    const char c = Peek(0);
    size_t run = 0;
    while (Peek(run) == c && c != '\0') ++run;
    const char after = Peek(run);
    const bool ends = after == '\0' || IsBlank(after);
    const bool mark = ((c == '-' || c == '*' || c == '+') && run == 1 && IsBlank(after)) ||
                      (c == '>' && run <= 3) || (c == '#' && run <= 6 && ends) ||
                      ((c == '-' || c == '=' || c == '*' || c == '_') && run >= 3 && ends);
    if (!mark) return false;
    at_ += run;
    space_ = true;
    line_start_ = c == '>';
    return true;
  }

  bool StartsWith(std::string_view word) const { return source_.substr(at_, word.size()) == word; }

  // An address keeps only its host: "https://docs.example.org/a/b" → "docs.example.org".
  bool SkipLink() {
    size_t scheme = 0;
    if (StartsWith("https://")) scheme = 8;
    if (StartsWith("http://")) scheme = 7;
    if (scheme == 0) return false;
    size_t end = at_ + scheme;
    while (end < source_.size() && !IsBlank(source_[end]) && source_[end] != ')' &&
           source_[end] != '>' && source_[end] != '"') {
      ++end;
    }
    while (end > at_ + scheme && IsTrailing(source_[end - 1])) --end;
    Skip(scheme);
    if (StartsWith("www.")) Skip(4);
    while (at_ < end &&
           (IsAsciiLetter(Peek(0)) || IsDigit(Peek(0)) || Peek(0) == '.' || Peek(0) == '-')) {
      Keep(1, Peek(0) != '.' && Peek(0) != '-');
    }
    at_ = std::max(at_, end);
    return true;
  }

  static bool IsTrailing(char c) {
    return c == '.' || c == ',' || c == ';' || c == ':' || c == '!' || c == '?' || c == '*' ||
           c == '_';
  }

  // "<b>", "</p>", "<br/>": a letter or slash behind the bracket, closed within 64 bytes.
  bool SkipTag() {
    if (Peek(0) != '<' || !(IsAsciiLetter(Peek(1)) || Peek(1) == '/')) return false;
    const size_t close = source_.substr(at_, 64).find('>');
    if (close == std::string_view::npos) return false;
    Skip(close + 1);
    return true;
  }

  // "[3]" and "](address)"; lone brackets are markup.
  bool SkipReference() {
    if (Peek(0) == '[' && IsDigit(Peek(1))) {
      size_t end = 1;
      while (IsDigit(Peek(end))) ++end;
      if (Peek(end) != ']' || Peek(end + 1) == '(') return false;
      Skip(end + 1);
      return true;
    }
    if (Peek(0) != ']' || Peek(1) != '(') return false;
    const size_t close = source_.find(')', at_);
    Skip(close == std::string_view::npos ? 2 : close + 1 - at_);
    return true;
  }

  // Marks that are not said. Their neighbours may make them part of a word or a sum.
  bool IsMarkup(char c) {
    const char before = at_ > 0 ? source_[at_ - 1] : ' ';
    switch (c) {
      case '*':
        return !(IsBlank(before) && IsBlank(Peek(1)));
      case '!':
        return Peek(1) == '[';
      case '_':
      case '|':
      case '~':
        // Between words a gap, so that snake_case and table cells do not run together.
        space_ = space_ || c == '|' || (!IsBlank(before) && !IsBlank(Peek(1)));
        return true;
      case '`':
      case '[':
      case ']':
      case '{':
      case '}':
      case '\\':
        return true;
      case '#':
        return !IsDigit(Peek(1)) && !IsAsciiLetter(before);
      default:
        return false;
    }
  }

  const std::string_view source_;
  size_t at_ = 0;
  bool line_start_;
  bool space_ = false;
  bool skipped_ = false;  // something that is not said stood since the last gap or character
  bool has_word_ = false;
  Speakable result_;
};

}  // namespace

Speakable MakeSpeakable(std::string_view source, bool opens_line) {
  return Stripper(source, opens_line).Run();
}

}  // namespace parley::segment
