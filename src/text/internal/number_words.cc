#include "text/internal/number_words.h"

#include <fmt/format.h>
#include <unicode/locid.h>
#include <unicode/rbnf.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <vector>

namespace parley::text::internal {
namespace {

constexpr size_t kFiguresMax = 15;  // what a double holds exactly

}  // namespace

struct NumberWords::Impl {
  std::unique_ptr<icu::RuleBasedNumberFormat> format;
  std::vector<icu::UnicodeString> rule_sets;

  // The rule set of that name, or the first that begins with it; empty when there is none.
  icu::UnicodeString RuleSet(const char* wanted) const {
    const icu::UnicodeString name = icu::UnicodeString::fromUTF8(wanted);
    for (const icu::UnicodeString& known : rule_sets) {
      if (known == name) return known;
    }
    for (const icu::UnicodeString& known : rule_sets) {
      if (known.startsWith(name)) return known;
    }
    return {};
  }

  template <class Number>
  std::string Say(Number number, const char* rule_set) const {
    icu::UnicodeString out;
    icu::FieldPosition position;
    const icu::UnicodeString name = RuleSet(rule_set);
    UErrorCode error = U_ZERO_ERROR;
    if (name.isEmpty()) {
      format->format(number, out, position, error);
    } else {
      format->format(number, name, out, position, error);
    }
    // Soft hyphens help to break lines, not to speak.
    out.findAndReplace(u"\u00ad", u"");
    std::string text;
    return out.toUTF8String(text);
  }
};

Result<std::unique_ptr<NumberWords>> NumberWords::Create(std::string_view language) {
  const icu::Locale locale = icu::Locale::createCanonical(std::string(language).c_str());
  UErrorCode error = U_ZERO_ERROR;
  auto impl = std::make_unique<Impl>();
  impl->format = std::make_unique<icu::RuleBasedNumberFormat>(icu::URBNF_SPELLOUT, locale, error);
  // For a language it does not know ICU takes the rules of the process's own.
  UErrorCode locale_error = U_ZERO_ERROR;
  const icu::Locale actual =
      U_FAILURE(error) ? icu::Locale() : impl->format->getLocale(ULOC_ACTUAL_LOCALE, locale_error);
  if (U_FAILURE(error) || std::string_view(actual.getLanguage()) != locale.getLanguage()) {
    return Fail(Code::kUnimplemented, fmt::format("no number words for language \"{}\" (ICU: {})",
                                                  language, u_errorName(error)));
  }
  for (int32_t i = 0; i < impl->format->getNumberOfRuleSetNames(); ++i) {
    impl->rule_sets.push_back(impl->format->getRuleSetName(i));
  }
  return std::unique_ptr<NumberWords>(new NumberWords(std::move(impl)));
}

NumberWords::NumberWords(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
NumberWords::~NumberWords() = default;

std::string NumberWords::Cardinal(std::string_view number) {
  const bool fraction = number.find('.') != std::string_view::npos;
  const bool leading_zero = number.size() > 1 && number[0] == '0' && number[1] != '.';
  if (leading_zero || number.size() > kFiguresMax) return Figures(number);
  const std::string digits(number);
  if (fraction) return impl_->Say(std::strtod(digits.c_str(), nullptr), "%spellout-numbering");
  return impl_->Say(static_cast<int64_t>(std::strtoll(digits.c_str(), nullptr, 10)),
                    "%spellout-numbering");
}

std::string NumberWords::One() {
  const bool masculine = !impl_->RuleSet("%spellout-cardinal-masculine").isEmpty();
  return impl_->Say(int64_t{1}, masculine ? "%spellout-cardinal-masculine" : "%spellout-cardinal");
}

std::string NumberWords::Ordinal(int64_t number) { return impl_->Say(number, "%spellout-ordinal"); }

std::string NumberWords::Year(int64_t year) { return impl_->Say(year, "%spellout-numbering-year"); }

std::string NumberWords::Figures(std::string_view figures) {
  std::string out;
  for (const char c : figures) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) continue;
    if (!out.empty()) out += ' ';
    out += impl_->Say(static_cast<int64_t>(c - '0'), "%spellout-numbering");
  }
  return out;
}

}  // namespace parley::text::internal
