#include "text/normalizer.h"

#include <fmt/format.h>
#include <unicode/regex.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "text/internal/number_words.h"
#include "text/internal/rule.h"
#include "text/utf8.h"

namespace parley::text {
namespace {

using internal::Match;
using internal::NumberWords;
using internal::Rule;

struct CompiledRule {
  Rule rule;
  std::unique_ptr<icu::RegexMatcher> matcher;
};

std::string Utf8Of(const icu::UnicodeString& text) {
  std::string out;
  return text.toUTF8String(out);
}

bool IsWordCharacter(UChar32 c) { return u_isalnum(c); }

// Pictures, and what only joins or colours them.
bool IsEmoji(UChar32 c) {
  constexpr UChar32 kKeycap = 0x20e3;
  constexpr UChar32 kPictureSelector = 0xfe0f;
  constexpr UChar32 kJoiner = 0x200d;
  return u_hasBinaryProperty(c, UCHAR_EXTENDED_PICTOGRAPHIC) ||
         u_hasBinaryProperty(c, UCHAR_EMOJI_MODIFIER) ||
         u_hasBinaryProperty(c, UCHAR_REGIONAL_INDICATOR) || c == kKeycap ||
         c == kPictureSelector || c == kJoiner;
}

bool IsMarkup(UChar32 c) { return c == '*' || c == '_' || c == '`' || c == '~'; }

}  // namespace

struct Normalizer::Impl {
  std::unique_ptr<NumberWords> words;
  std::vector<CompiledRule> rules;
};

namespace {

// One text on its way: reads UTF-16 (what ICU's patterns take), writes UTF-8 and the map.
class Pass {
 public:
  Pass(std::string_view received, const Cleaned& cleaned, NumberWords& words,
       std::vector<CompiledRule>& rules)
      : received_(received),
        cleaned_(cleaned),
        text_(icu::UnicodeString::fromUTF8(cleaned.text)),
        words_(words),
        rules_(rules) {
    for (CompiledRule& compiled : rules_) compiled.matcher->reset(text_);
  }

  Normalized Run() {
    while (at_ < text_.length()) Step();
    DropTrailingSpace();
    // Of a text without a single good character nothing was taken at all.
    out_.spans.AddReplacement(0, received_.size() - out_.spans.source_bytes());
    return std::move(out_);
  }

 private:
  UChar32 Here() const { return text_.char32At(at_); }
  UChar32 Before() const { return at_ == 0 ? ' ' : text_.char32At(at_ - 1); }
  UChar32 After(int32_t units) const {
    return at_ + units < text_.length() ? text_.char32At(at_ + units) : ' ';
  }

  void Step() {
    const UChar32 c = Here();
    if (u_isspace(c) || c == 0xa0) return Space(U16_LENGTH(c));
    if (LineOpens() && DropLineMark()) return;
    if (TryRules(c)) return;
    if (IsEmoji(c)) return Replace(" ", U16_LENGTH(c));
    if (IsMarkup(c) && !Arithmetic(c)) return Replace("", 1);
    if (c == '[' && DropLink()) return;
    Copy(U16_LENGTH(c));
  }

  bool LineOpens() const { return out_.text.empty(); }

  // "# ", "> ", "- ", "* " in front of everything.
  bool DropLineMark() {
    int32_t end = at_;
    while (text_.charAt(end) == '#' || text_.charAt(end) == '>') ++end;
    if (end == at_ && (text_.charAt(end) == '-' || text_.charAt(end) == '*')) ++end;
    if (end == at_ || !(end == text_.length() || u_isspace(text_.charAt(end)))) return false;
    Replace("", end - at_);
    return true;
  }

  // A star between figures or free-standing is meant.
  bool Arithmetic(UChar32 c) const {
    return (c == '*' || c == '~') && u_isdigit(After(1)) && (u_isdigit(Before()) || c == '~');
  }

  // [words](address): only the words.
  bool DropLink() {
    constexpr int32_t kReach = 1000;  // units: so that many open brackets cost no more than few
    const int32_t close = text_.indexOf(u"](", 2, at_, std::min(kReach, text_.length() - at_));
    if (close < 0) return false;
    const int32_t end = text_.indexOf(u')', close, std::min(kReach, text_.length() - close));
    if (end < 0) return false;
    link_close_ = close;
    link_end_ = end + 1;
    Replace("", 1);
    return true;
  }

  bool TryRules(UChar32 c) {
    if (at_ == link_close_) {
      Replace("", link_end_ - link_close_);
      return true;
    }
    const bool word = IsWordCharacter(c);
    if (word && IsWordCharacter(Before()) && !(u_isdigit(c) && !u_isdigit(Before()))) return false;
    // A sign belongs to what follows, unless it joins two words: "twenty-five", "AT&T".
    if ((c == '-' || c == 0x2212) && !u_isspace(Before())) return false;
    const Rule::First first = u_isdigit(c) ? Rule::First::kDigit
                              : word       ? Rule::First::kLetter
                                           : Rule::First::kSymbol;
    for (CompiledRule& compiled : rules_) {
      if (compiled.rule.first == first && TryRule(compiled)) return true;
    }
    return false;
  }

  bool TryRule(CompiledRule& compiled) {
    UErrorCode error = U_ZERO_ERROR;
    icu::RegexMatcher& matcher = *compiled.matcher;
    matcher.region(at_, text_.length(), error);
    if (!matcher.lookingAt(error) || U_FAILURE(error)) return false;
    Match match;
    for (int32_t group = 0; group <= matcher.groupCount(); ++group) {
      match.groups.push_back(Utf8Of(matcher.group(group, error)));
    }
    match.before = WordBefore();
    const int32_t end = matcher.end(error);
    if (U_FAILURE(error) || end <= at_) return false;
    std::optional<std::string> said = compiled.rule.say(match, words_);
    if (!said) return false;
    if (IsWordCharacter(Before())) said->insert(0, " ");
    if (end < text_.length() && IsWordCharacter(text_.char32At(end))) *said += ' ';
    Replace(*said, end - at_);
    return true;
  }

  std::string WordBefore() const {
    int32_t end = at_;
    while (end > 0 && text_.charAt(end - 1) == ' ') --end;
    int32_t from = end;
    while (from > 0 && end - from < 16 && u_isalpha(text_.charAt(from - 1))) --from;
    return Utf8Of(icu::UnicodeString(text_, from, end - from).toLower());
  }

  void Space(int32_t units) {
    const bool wanted = !out_.text.empty() && out_.text.back() != ' ';
    if (wanted && Here() == ' ') return Copy(units);
    Replace(wanted ? " " : "", units);
  }

  // The next `units` of the text, in bytes of the cleaned text; moves on.
  size_t Take(int32_t units) {
    const icu::UnicodeString part(text_, at_, units);
    at_ += units;
    const size_t bytes = Utf8Of(part).size();
    cleaned_at_ += bytes;
    return bytes;
  }

  void Copy(int32_t units) {
    const size_t from = cleaned_at_;
    const size_t bytes = Take(units);
    out_.text.append(cleaned_.text, from, bytes);
    // What is copied from the cleaned text may differ from what was received.
    const size_t source = cleaned_.spans.SourceOffset(cleaned_at_) - source_at_;
    const std::string_view copied = std::string_view(cleaned_.text).substr(from, bytes);
    if (received_.substr(source_at_, source) == copied) {
      out_.spans.AddCopy(bytes);
    } else {
      out_.spans.AddReplacement(bytes, source);
    }
    source_at_ += source;
  }

  void Replace(std::string_view said, int32_t units) {
    Take(units);
    const bool doubled = said == " " && (out_.text.empty() || out_.text.back() == ' ');
    if (doubled) said = "";
    if (said.starts_with(' ') && !out_.text.empty() && out_.text.back() == ' ')
      said.remove_prefix(1);
    out_.text += said;
    const size_t source = cleaned_.spans.SourceOffset(cleaned_at_) - source_at_;
    out_.spans.AddReplacement(said.size(), source);
    source_at_ += source;
  }

  void DropTrailingSpace() {
    if (out_.text.empty() || out_.text.back() != ' ') return;
    // Built anew, one byte shorter: the last piece cannot be empty of text in the middle.
    SpanMap shorter;
    size_t left = out_.text.size() - 1;
    for (const SpanMap::Piece& piece : out_.spans.pieces()) {
      const size_t text_bytes = std::min<size_t>(piece.text_bytes, left);
      left -= text_bytes;
      if (piece.copy) {
        shorter.AddCopy(text_bytes);
        shorter.AddReplacement(0, piece.source_bytes - text_bytes);
      } else {
        shorter.AddReplacement(text_bytes, piece.source_bytes);
      }
    }
    out_.spans = std::move(shorter);
    out_.text.pop_back();
  }

  const std::string_view received_;
  const Cleaned& cleaned_;
  const icu::UnicodeString text_;
  NumberWords& words_;
  std::vector<CompiledRule>& rules_;
  Normalized out_;
  int32_t at_ = 0;           // in text_
  size_t cleaned_at_ = 0;    // the same place in cleaned_.text
  size_t source_at_ = 0;     // and in received_
  int32_t link_close_ = -1;  // where the words of the open link end
  int32_t link_end_ = -1;
};

std::vector<Rule> RulesOf(std::string_view language, Normalizer::Rules rules) {
  const bool english = language.substr(0, 2) == "en";
  if (rules == Normalizer::Rules::kAll) {
    return english ? internal::EnglishRules() : internal::OtherRules(language);
  }
  return english ? internal::EnglishRulesBesideGrammar() : std::vector<Rule>();
}

}  // namespace

Result<std::unique_ptr<Normalizer>> Normalizer::Create(std::string_view language, Rules rules) {
  auto impl = std::make_unique<Impl>();
  PARLEY_TRY(impl->words, NumberWords::Create(language));
  for (Rule& rule : RulesOf(language, rules)) {
    UErrorCode error = U_ZERO_ERROR;
    CompiledRule compiled;
    compiled.matcher =
        std::make_unique<icu::RegexMatcher>(icu::UnicodeString::fromUTF8(rule.pattern), 0, error);
    PARLEY_CHECK(U_SUCCESS(error));
    compiled.rule = std::move(rule);
    impl->rules.push_back(std::move(compiled));
  }
  return std::unique_ptr<Normalizer>(new Normalizer(std::move(impl)));
}

Normalizer::Normalizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Normalizer::~Normalizer() = default;

Result<Normalized> Normalizer::Normalize(std::string_view text) {
  if (text.size() > kTextBytesMax) {
    return Fail(
        Code::kOutOfRange,
        fmt::format("the text to be spoken has {} bytes; the limit is {}: send it in pieces",
                    text.size(), kTextBytesMax));
  }
  const Cleaned cleaned = Clean(text);
  return Pass(text, cleaned, *impl_->words, impl_->rules).Run();
}

}  // namespace parley::text
