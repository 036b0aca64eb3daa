#include "segment/internal/abbreviations.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace parley::segment {
namespace {

constexpr std::array<std::string_view, 62> kAbbreviations = {
    "al",  "approx", "apt", "art", "assn", "aug",  "ave",   "bd",   "blvd", "bros", "bzw",
    "ca",  "capt",   "cf",  "co",  "col",  "corp", "dec",   "dept", "dr",   "est",  "etc",
    "feb", "fig",    "fr",  "ft",  "gen",  "gov",  "hon",   "inc",  "jan",  "jr",   "ltd",
    "lt",  "mag",    "maj", "max", "min",  "mme",  "mr",    "mrs",  "ms",   "mt",   "no",
    "nov", "nr",     "oct", "op",  "pp",   "prof", "rep",   "rev",  "sen",  "sep",  "sept",
    "sgt", "sr",     "sra", "st",  "vol",  "vs",   "messrs"};

// "no" is also a word; it abbreviates "number" only when capital.
constexpr std::array<std::string_view, 4> kOnlyCapital = {"no", "co", "art", "max"};

constexpr std::array<std::string_view, 36> kOpeners = {
    "after", "although", "and",   "as",    "at",   "because", "before", "but",     "by",
    "for",   "from",     "how",   "if",    "in",   "into",    "of",     "on",      "or",
    "since", "so",       "than",  "that",  "then", "through", "to",     "until",   "when",
    "where", "whether",  "which", "while", "who",  "why",     "with",   "without", "yet"};

bool IsAlpha(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// "U.S", "a.m", "e.g", "J": single letters with dots between them. "I" alone is a word.
bool IsDottedLetters(std::string_view token) {
  if (token.size() % 2 == 0 || token == "I") return false;
  for (size_t i = 0; i < token.size(); ++i) {
    if (i % 2 == 0 ? !IsAlpha(token[i]) : token[i] != '.') return false;
  }
  return token.size() > 1 || std::isupper(static_cast<unsigned char>(token[0])) != 0;
}

}  // namespace

bool IsAbbreviation(std::string_view token, bool opens_line) {
  while (!token.empty() && !IsAlpha(token.front()) && !IsDigit(token.front())) {
    token.remove_prefix(1);
  }
  if (token.empty() || token.size() > 8) return false;
  if (IsDottedLetters(token)) return true;
  if (std::all_of(token.begin(), token.end(), IsDigit)) return opens_line && token.size() <= 3;
  if (!std::all_of(token.begin(), token.end(), IsAlpha)) return false;
  std::array<char, 8> buffer{};
  for (size_t i = 0; i < token.size(); ++i) {
    buffer[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(token[i])));
  }
  const std::string_view lower(buffer.data(), token.size());
  const bool known =
      std::find(kAbbreviations.begin(), kAbbreviations.end(), lower) != kAbbreviations.end();
  const bool capital = std::isupper(static_cast<unsigned char>(token[0])) != 0;
  const bool needs_capital =
      std::find(kOnlyCapital.begin(), kOnlyCapital.end(), lower) != kOnlyCapital.end();
  return known && (capital || !needs_capital);
}

bool OpensClause(std::string_view word) {
  return std::binary_search(kOpeners.begin(), kOpeners.end(), word);
}

}  // namespace parley::segment
