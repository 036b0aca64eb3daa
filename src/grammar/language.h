// The languages that WeTextProcessing has grammars for.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace parley::grammar {

enum class Language { kEnglish, kChinese, kJapanese };

constexpr std::array<Language, 3> kLanguages = {Language::kEnglish, Language::kChinese,
                                                Language::kJapanese};

// "en", "zh", "ja".
constexpr std::string_view CodeOf(Language language) {
  constexpr std::array<std::string_view, 3> kCodes = {"en", "zh", "ja"};
  return kCodes[static_cast<size_t>(language)];
}

// Of a BCP 47 tag: "en-GB" is English. Nothing for a language without grammars.
constexpr std::optional<Language> LanguageOf(std::string_view tag) {
  for (const Language language : kLanguages) {
    const std::string_view code = CodeOf(language);
    if (tag.substr(0, code.size()) != code) continue;
    if (tag.size() == code.size() || tag[code.size()] == '-' || tag[code.size()] == '_') {
      return language;
    }
  }
  return std::nullopt;
}

}  // namespace parley::grammar
