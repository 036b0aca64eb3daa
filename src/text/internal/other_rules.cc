#include <algorithm>
#include <array>

#include "text/internal/rule.h"

namespace parley::text::internal {
namespace {

struct Language {
  std::string_view code;
  const char* percent;
  const char* euro;
  const char* euros;
  const char* dollar;
  const char* dollars;
  char group;
  char decimal;
};

constexpr std::array<Language, 6> kLanguages = {
    {{"de", "Prozent", "Euro", "Euro", "Dollar", "Dollar", '.', ','},
     {"fr", "pour cent", "euro", "euros", "dollar", "dollars", ' ', ','},
     {"es", "por ciento", "euro", "euros", "dólar", "dólares", '.', ','},
     {"it", "per cento", "euro", "euro", "dollaro", "dollari", '.', ','},
     {"pt", "por cento", "euro", "euros", "dólar", "dólares", '.', ','},
     {"nl", "procent", "euro", "euro", "dollar", "dollar", '.', ','}}};

#define PARLEY_NUMBER "(\\d{1,3}(?:\\.\\d{3})+(?:,\\d+)?|\\d+(?:,\\d+)?)"
#define PARLEY_END "(?![\\p{L}\\p{N}])"

}  // namespace

std::vector<Rule> OtherRules(std::string_view language) {
  std::vector<Rule> rules;
  const auto known = std::find_if(kLanguages.begin(), kLanguages.end(), [&](const Language& l) {
    return language.substr(0, l.code.size()) == l.code;
  });
  if (known == kLanguages.end()) {
    // Which mark groups and which parts is not known here: only what needs no mark is spelled.
    rules.push_back({Rule::First::kDigit, "(\\d+)(?![.,]\\d)" PARLEY_END,
                     [](const Match& m, NumberWords& words) -> std::optional<std::string> {
                       return words.Cardinal(m.groups[1]);
                     }});
    return rules;
  }
  const Language& l = *known;
  const auto number = [&l](const std::string& written, NumberWords& words) {
    return words.Cardinal(PlainNumber(written, l.group, l.decimal));
  };
  rules.push_back({Rule::First::kDigit, PARLEY_NUMBER " ?%",
                   [&l, number](const Match& m, NumberWords& words) -> std::optional<std::string> {
                     return number(m.groups[1], words) + " " + l.percent;
                   }});
  rules.push_back({Rule::First::kDigit, PARLEY_NUMBER " ?([€$])",
                   [&l, number](const Match& m, NumberWords& words) -> std::optional<std::string> {
                     const bool one = m.groups[1] == "1";
                     const bool euro = m.groups[2] == "€";
                     return (one ? words.One() : number(m.groups[1], words)) + " " +
                            (euro ? (one ? l.euro : l.euros) : (one ? l.dollar : l.dollars));
                   }});
  rules.push_back({Rule::First::kDigit,
                   PARLEY_NUMBER "(?![\\d]|[.,:]\\d|\\.(?= \\p{Lu}?\\p{Ll}))" PARLEY_END,
                   [number](const Match& m, NumberWords& words) -> std::optional<std::string> {
                     return number(m.groups[1], words);
                   }});
  return rules;
}

}  // namespace parley::text::internal
