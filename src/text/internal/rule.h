// One way of writing that is not spoken as it stands: a pattern, tried where a token begins, and
// what is said instead.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/internal/number_words.h"

namespace parley::text::internal {

// What a pattern found.
struct Match {
  std::vector<std::string> groups;  // [0] is all of it; a group that took no part is empty
  std::string before;               // the word in front, lower-cased; empty at a sentence's start
};

struct Rule {
  // Characters that a match may begin with; the pattern is tried only there.
  enum class First { kDigit, kLetter, kSymbol };

  First first = First::kDigit;
  const char* pattern = "";  // ICU regular expression
  // What is said; nothing when this is not meant after all.
  std::function<std::optional<std::string>(const Match&, NumberWords&)> say;
};

// In the order in which they are tried.
std::vector<Rule> EnglishRules();
// Addresses, money, dates and units alone.
std::vector<Rule> EnglishRulesBesideGrammar();
// Numbers, percentages and money of another language; empty words leave the sign's rule out.
std::vector<Rule> OtherRules(std::string_view language);

// "1,234.5" with the language's marks → "1234.5".
std::string PlainNumber(std::string_view number, char group, char decimal);

}  // namespace parley::text::internal
