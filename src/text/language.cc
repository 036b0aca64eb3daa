#include "text/language.h"

#include <unicode/uscript.h>

#include <algorithm>
#include <array>

#include "text/unicode.h"

namespace parley::text {
namespace {

constexpr std::array<std::string_view, 3> kEastAsian = {"zh", "ja", "ko"};

bool Is(const std::string& tag, std::string_view code) {
  return tag.substr(0, code.size()) == code &&
         (tag.size() == code.size() || tag[code.size()] == '-' || tag[code.size()] == '_');
}

struct Scripts {
  bool kana = false;
  bool ideographs = false;
  bool hangul = false;
  bool others = false;
};

Scripts ScriptsOf(std::string_view text) {
  Scripts found;
  for (const char32_t c : DecodeUtf8(text)) {
    if (!IsLetter(c)) continue;
    UErrorCode error = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(static_cast<UChar32>(c), &error);
    found.kana |= script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA;
    found.ideographs |= script == USCRIPT_HAN;
    found.hangul |= script == USCRIPT_HANGUL;
    found.others |= script != USCRIPT_HIRAGANA && script != USCRIPT_KATAKANA &&
                    script != USCRIPT_HAN && script != USCRIPT_HANGUL;
  }
  return found;
}

}  // namespace

std::string LanguageOf(std::string_view text, const std::vector<std::string>& spoken) {
  if (spoken.size() <= 1) return spoken.empty() ? "en" : spoken.front();
  const Scripts scripts = ScriptsOf(text);
  const auto first = [&](auto fits) {
    const auto found = std::find_if(spoken.begin(), spoken.end(), fits);
    return found == spoken.end() ? std::string() : *found;
  };
  const auto named = [&](std::string_view code) {
    return first([&](const std::string& tag) { return Is(tag, code); });
  };
  std::string guess;
  if (scripts.kana) guess = named("ja");
  if (guess.empty() && scripts.ideographs) guess = named("zh");
  if (guess.empty() && scripts.ideographs) guess = named("ja");
  if (guess.empty() && scripts.hangul) guess = named("ko");
  const bool east_asian = scripts.kana || scripts.ideographs || scripts.hangul;
  if (guess.empty() && !east_asian && scripts.others) {
    guess = first([](const std::string& tag) {
      return std::none_of(kEastAsian.begin(), kEastAsian.end(),
                          [&](std::string_view code) { return Is(tag, code); });
    });
  }
  return guess.empty() ? spoken.front() : guess;
}

}  // namespace parley::text
