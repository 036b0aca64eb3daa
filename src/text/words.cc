#include "text/words.h"

#include <unicode/brkiter.h>
#include <unicode/unistr.h>
#include <unicode/utext.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/check.h"

namespace parley::text {
namespace {

using Iterator = std::unique_ptr<icu::BreakIterator>;

icu::Locale LocaleOf(std::string_view language) {
  return icu::Locale::createCanonical(std::string(language).c_str());
}

// Calls `take(from, upto, rule_status)` for each stretch between two boundaries.
template <class Take>
void ForEach(const Iterator& iterator, std::string_view text, Take&& take) {
  UErrorCode error = U_ZERO_ERROR;
  UText view = UTEXT_INITIALIZER;
  utext_openUTF8(&view, text.data(), static_cast<int64_t>(text.size()), &error);
  PARLEY_CHECK(U_SUCCESS(error));
  iterator->setText(&view, error);
  PARLEY_CHECK(U_SUCCESS(error));
  int32_t from = iterator->first();
  for (int32_t upto = iterator->next(); upto != icu::BreakIterator::DONE; upto = iterator->next()) {
    take(static_cast<size_t>(from), static_cast<size_t>(upto), iterator->getRuleStatus());
    from = upto;
  }
  utext_close(&view);
}

// Sounds of hesitation as recognizers write them.
bool IsFiller(std::string_view word) {
  static constexpr std::array<std::string_view, 20> kFillers = {
      "ah", "ahm", "eh", "ehm", "er", "erm", "euh", "hm",  "hmm", "hum",
      "mm", "mmm", "uh", "uhm", "um", "umm", "äh",  "ähm", "öh",  "öhm"};
  return std::find(kFillers.begin(), kFillers.end(), word) != kFillers.end();
}

}  // namespace

std::vector<Range> Words(std::string_view text, std::string_view language) {
  UErrorCode error = U_ZERO_ERROR;
  const Iterator iterator(icu::BreakIterator::createWordInstance(LocaleOf(language), error));
  PARLEY_CHECK(U_SUCCESS(error));
  std::vector<Range> words;
  ForEach(iterator, text, [&](size_t from, size_t upto, int32_t status) {
    if (status >= UBRK_WORD_NUMBER) words.push_back({from, upto});
  });
  return words;
}

std::vector<Range> Sentences(std::string_view text, std::string_view language) {
  UErrorCode error = U_ZERO_ERROR;
  const Iterator iterator(icu::BreakIterator::createSentenceInstance(LocaleOf(language), error));
  PARLEY_CHECK(U_SUCCESS(error));
  std::vector<Range> sentences;
  ForEach(iterator, text, [&](size_t from, size_t upto, int32_t) {
    sentences.push_back({from, upto});
  });
  return sentences;
}

std::vector<std::string> ComparableWords(std::string_view text, std::string_view language) {
  std::vector<std::string> out;
  for (const Range& range : Words(text, language)) {
    const std::string_view bytes = text.substr(range.from, range.upto - range.from);
    icu::UnicodeString word = icu::UnicodeString::fromUTF8(
        icu::StringPiece(bytes.data(), static_cast<int32_t>(bytes.size())));
    word.foldCase();
    word.findAndReplace(u"\u2019", u"'");
    std::string folded;
    word.toUTF8String(folded);
    if (!IsFiller(folded)) out.push_back(std::move(folded));
  }
  return out;
}

bool SameWords(std::string_view a, std::string_view b, std::string_view language) {
  return ComparableWords(a, language) == ComparableWords(b, language);
}

}  // namespace parley::text
