#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <utility>

#include "text/internal/rule.h"

namespace parley::text::internal {
namespace {

using Said = std::optional<std::string>;

// Patterns' common parts. A number: grouped or plain, with or without a fraction.
#define PARLEY_NUMBER "(\\d{1,3}(?:,\\d{3})+(?:\\.\\d+)?|\\d+(?:\\.\\d+)?)"
#define PARLEY_END "(?![\\p{L}\\p{N}])"
#define PARLEY_MONTHS                                                                            \
  "(Jan(?:uary|\\.)?|Feb(?:ruary|\\.)?|Mar(?:ch|\\.)?|Apr(?:il|\\.)?|May|June?|July?|Aug(?:ust|" \
  "\\.)?|Sept?(?:ember|\\.)?|Oct(?:ober|\\.)?|Nov(?:ember|\\.)?|Dec(?:ember|\\.)?)"

constexpr std::array<const char*, 12> kMonths = {"January",   "February", "March",    "April",
                                                 "May",       "June",     "July",     "August",
                                                 "September", "October",  "November", "December"};

int64_t Int(std::string_view figures) {
  return std::strtoll(std::string(figures).c_str(), nullptr, 10);
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

const char* MonthOf(const std::string& name) {
  const std::string beginning = Lower(name).substr(0, 3);
  for (const char* month : kMonths) {
    if (Lower(month).starts_with(beginning)) return month;
  }
  return kMonths[0];
}

std::string Number(const std::string& number, NumberWords& words) {
  return words.Cardinal(PlainNumber(number, ',', '.'));
}

struct Currency {
  const char* sign;
  const char* one;
  const char* many;
  const char* cent;
  const char* cents;
};
constexpr std::array<Currency, 4> kCurrencies = {{{"$", "dollar", "dollars", "cent", "cents"},
                                                  {"€", "euro", "euros", "cent", "cents"},
                                                  {"£", "pound", "pounds", "penny", "pence"},
                                                  {"¥", "yen", "yen", "sen", "sen"}}};

// $12.50 · $1,000 · €3.5 million · $0.99 · $2k
Said Money(const Match& m, NumberWords& words) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 8> kScales = {
      {{"k", "thousand"},
       {"m", "million"},
       {"b", "billion"},
       {"bn", "billion"},
       {"thousand", "thousand"},
       {"million", "million"},
       {"billion", "billion"},
       {"trillion", "trillion"}}};
  const auto currency = std::find_if(kCurrencies.begin(), kCurrencies.end(),
                                     [&](const Currency& c) { return m.groups[1] == c.sign; });
  const std::string number = PlainNumber(m.groups[2], ',', '.');
  const std::string scale = Lower(m.groups[3]);
  if (!scale.empty()) {
    const auto word = std::find_if(kScales.begin(), kScales.end(),
                                   [&](const auto& s) { return s.first == scale; });
    return words.Cardinal(number) + " " + word->second + " " + currency->many;
  }
  const size_t point = number.find('.');
  const std::string whole = number.substr(0, point);
  const std::string part = point == std::string::npos ? "" : number.substr(point + 1);
  const std::string units =
      words.Cardinal(whole) + " " + (whole == "1" ? currency->one : currency->many);
  if (part.empty() || part == "00") return units;
  if (part.size() != 2) return words.Cardinal(number) + " " + currency->many;
  const int64_t cents = Int(part);
  const std::string small =
      words.Cardinal(std::to_string(cents)) + " " + (cents == 1 ? currency->cent : currency->cents);
  return Int(whole) == 0 ? small : units + " and " + small;
}

// 3:05 pm · 14:30 · 9:00
Said ClockTime(const Match& m, NumberWords& words) {
  const int64_t hour = Int(m.groups[1]);
  const int64_t minute = Int(m.groups[2]);
  if (hour > 24 || minute > 59) return std::nullopt;
  std::string said = words.Cardinal(std::to_string(hour));
  const bool half = !m.groups[3].empty();
  if (minute == 0) {
    if (!half) said += hour > 12 || hour == 0 ? " hundred" : " o'clock";
  } else {
    said += minute < 10 ? " oh " : " ";
    said += words.Cardinal(std::to_string(minute));
  }
  if (half) said += std::tolower(m.groups[3][0]) == 'a' ? " a m" : " p m";
  return said;
}

Said HourOnly(const Match& m, NumberWords& words) {
  if (Int(m.groups[1]) > 12) return std::nullopt;
  return words.Cardinal(m.groups[1]) + (std::tolower(m.groups[2][0]) == 'a' ? " a m" : " p m");
}

Said Day(const char* month, int64_t day, const std::string& year, NumberWords& words) {
  if (day < 1 || day > 31) return std::nullopt;
  std::string said = std::string(month) + " " + words.Ordinal(day);
  if (!year.empty()) said += ", " + words.Year(Int(year));
  return said;
}

Said NumericDate(int64_t month, int64_t day, const std::string& year, NumberWords& words) {
  if (month < 1 || month > 12) return std::nullopt;
  return Day(kMonths[static_cast<size_t>(month - 1)], day, year, words);
}

struct Unit {
  const char* sign;
  const char* one;
  const char* many;
};
constexpr std::array<Unit, 34> kUnits = {{{"%", "percent", "percent"},
                                          {"km/h", "kilometer per hour", "kilometers per hour"},
                                          {"mph", "mile per hour", "miles per hour"},
                                          {"m/s", "meter per second", "meters per second"},
                                          {"km", "kilometer", "kilometers"},
                                          {"cm", "centimeter", "centimeters"},
                                          {"mm", "millimeter", "millimeters"},
                                          {"m", "meter", "meters"},
                                          {"mi", "mile", "miles"},
                                          {"ft", "foot", "feet"},
                                          {"kg", "kilogram", "kilograms"},
                                          {"mg", "milligram", "milligrams"},
                                          {"g", "gram", "grams"},
                                          {"lbs", "pound", "pounds"},
                                          {"lb", "pound", "pounds"},
                                          {"oz", "ounce", "ounces"},
                                          {"ml", "milliliter", "milliliters"},
                                          {"L", "liter", "liters"},
                                          {"°C", "degree Celsius", "degrees Celsius"},
                                          {"°F", "degree Fahrenheit", "degrees Fahrenheit"},
                                          {"°", "degree", "degrees"},
                                          {"ms", "millisecond", "milliseconds"},
                                          {"min", "minute", "minutes"},
                                          {"kHz", "kilohertz", "kilohertz"},
                                          {"MHz", "megahertz", "megahertz"},
                                          {"GHz", "gigahertz", "gigahertz"},
                                          {"Hz", "hertz", "hertz"},
                                          {"kW", "kilowatt", "kilowatts"},
                                          {"W", "watt", "watts"},
                                          {"KB", "kilobyte", "kilobytes"},
                                          {"kB", "kilobyte", "kilobytes"},
                                          {"MB", "megabyte", "megabytes"},
                                          {"GB", "gigabyte", "gigabytes"},
                                          {"TB", "terabyte", "terabytes"}}};

Said Quantity(const Match& m, NumberWords& words) {
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                 [&](const Unit& u) { return m.groups[2] == u.sign; });
  if (unit == kUnits.end()) return std::nullopt;
  return Number(m.groups[1], words) + " " + (m.groups[1] == "1" ? unit->one : unit->many);
}

Said Fraction(const Match& m, NumberWords&) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 5> kFractions = {
      {{"1/2", "one half"},
       {"1/3", "one third"},
       {"2/3", "two thirds"},
       {"1/4", "one quarter"},
       {"3/4", "three quarters"}}};
  for (const auto& [written, said] : kFractions) {
    if (m.groups[0] == written) return said;
  }
  return std::nullopt;
}

// 1984 as a year only where the words around it say so: "1500 people" is a number.
Said YearAfter(const Match& m, NumberWords& words) {
  static constexpr std::array<std::string_view, 14> kHints = {
      "in",    "since",  "by",     "year",  "until",  "from",   "before",
      "after", "during", "around", "circa", "spring", "summer", "winter"};
  if (std::find(kHints.begin(), kHints.end(), m.before) == kHints.end()) return std::nullopt;
  return words.Year(Int(m.groups[1]));
}

Said Decade(const Match& m, NumberWords& words) {
  std::string said = words.Year(Int(m.groups[1]));
  if (said.ends_with('y')) return said.substr(0, said.size() - 1) + "ies";
  return said + "s";
}

std::string SpokenAddress(std::string_view address) {
  static constexpr std::array<std::pair<char, const char*>, 5> kSigns = {
      {{'.', "dot "}, {'@', "at "}, {'-', "dash "}, {'_', "underscore "}, {'+', "plus "}}};
  std::string said;
  for (const char c : address) {
    const auto sign =
        std::find_if(kSigns.begin(), kSigns.end(), [&](const auto& s) { return s.first == c; });
    if (sign == kSigns.end()) {
      said += c;
      continue;
    }
    if (!said.empty() && said.back() != ' ') said += ' ';
    said += sign->second;
  }
  if (said.ends_with(' ')) said.pop_back();
  return said;
}

Said Abbreviation(const Match& m, NumberWords&) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 17> kWords = {
      {{"mr.", "Mister"},
       {"mrs.", "Missus"},
       {"ms.", "Miz"},
       {"dr.", "Doctor"},
       {"prof.", "Professor"},
       {"jr.", "Junior"},
       {"sr.", "Senior"},
       {"vs.", "versus"},
       {"etc.", "et cetera"},
       {"e.g.", "for example"},
       {"i.e.", "that is"},
       {"approx.", "approximately"},
       {"dept.", "department"},
       {"est.", "estimated"},
       {"st.", "Saint"},
       {"no.", "number"},
       {"w/", "with"}}};
  const std::string written = Lower(m.groups[1]);
  for (const auto& [abbreviation, said] : kWords) {
    if (written == abbreviation) return said;
  }
  return std::nullopt;
}

Said Symbol(const Match& m, NumberWords&) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 6> kSymbols = {
      {{"&", "and"},
       {"@", "at"},
       {"=", "equals"},
       {"+", "plus"},
       {"×", "times"},
       {"%", "percent"}}};
  for (const auto& [sign, said] : kSymbols) {
    if (m.groups[0] == sign) return said;
  }
  return std::nullopt;
}

void AddAddresses(std::vector<Rule>& rules) {
  rules.push_back(
      {Rule::First::kLetter,
       "[\\p{L}\\p{N}._+-]{1,64}@[\\p{L}\\p{N}-]{1,63}(?:\\.[\\p{L}\\p{N}-]{1,63})+",
       [](const Match& m, NumberWords&) -> Said { return SpokenAddress(m.groups[0]); }});
  rules.push_back(
      {Rule::First::kLetter,
       "(?:(?:https?://)?www\\.|https?://)([\\p{L}\\p{N}.-]{1,253}[\\p{L}\\p{N}])(?::\\d+)?"
       "(?:/[^\\s<>\"]*[\\p{L}\\p{N}/])?",
       [](const Match& m, NumberWords&) -> Said { return SpokenAddress(m.groups[1]); }});
  rules.push_back(
      {Rule::First::kLetter,
       "([\\p{L}\\p{N}-]{1,63}\\.(?:com|org|net|io|dev|ai|edu|gov))(?:/[^\\s<>\"]*[\\p{L}\\p{N}/"
       "])?" PARLEY_END,
       [](const Match& m, NumberWords&) -> Said { return SpokenAddress(m.groups[1]); }});
}

void AddMoney(std::vector<Rule>& rules) {
  rules.push_back({Rule::First::kSymbol,
                   "([$€£¥]) ?" PARLEY_NUMBER
                   "(?: ?(thousand|million|billion|trillion|bn|[kKmMbB]))?" PARLEY_END,
                   Money});
}

void AddTimes(std::vector<Rule>& rules) {
  rules.push_back(
      {Rule::First::kDigit,
       "(\\d{1,2}):(\\d{2})(?::\\d{2})?(?: ?([aApP])\\.?[mM](?:\\.(?= ?\\p{Ll})|" PARLEY_END
       "))?(?![:\\d])",
       ClockTime});
  rules.push_back({Rule::First::kDigit, "(\\d{1,2}) ?([aApP])\\.?[mM]" PARLEY_END, HourOnly});
}

void AddDates(std::vector<Rule>& rules) {
  rules.push_back({Rule::First::kDigit, "(\\d{4})-(\\d{2})-(\\d{2})" PARLEY_END,
                   [](const Match& m, NumberWords& words) {
                     return NumericDate(Int(m.groups[2]), Int(m.groups[3]), m.groups[1], words);
                   }});
  rules.push_back({Rule::First::kDigit, "(\\d{1,2})/(\\d{1,2})/(\\d{4})" PARLEY_END,
                   [](const Match& m, NumberWords& words) {
                     return NumericDate(Int(m.groups[1]), Int(m.groups[2]), m.groups[3], words);
                   }});
  rules.push_back({Rule::First::kLetter,
                   PARLEY_MONTHS
                   " (\\d{1,2})(?:st|nd|rd|th)?(?:,? (\\d{4}))?(?![\\d:,.]*\\d|\\p{L})",
                   [](const Match& m, NumberWords& words) {
                     return Day(MonthOf(m.groups[1]), Int(m.groups[2]), m.groups[3], words);
                   }});
  rules.push_back({Rule::First::kLetter, PARLEY_MONTHS " (\\d{4})" PARLEY_END,
                   [](const Match& m, NumberWords& words) -> Said {
                     return std::string(MonthOf(m.groups[1])) + " " + words.Year(Int(m.groups[2]));
                   }});
  rules.push_back({Rule::First::kDigit, "(1\\d{2}0|20\\d0)s" PARLEY_END, Decade});
  rules.push_back(
      {Rule::First::kDigit, "(1[1-9]\\d{2}|20\\d{2})(?![\\p{L}\\p{N}%]|[.,]\\d)", YearAfter});
}

void AddQuantities(std::vector<Rule>& rules) {
  rules.push_back({Rule::First::kDigit,
                   PARLEY_NUMBER
                   " ?(%|°[CF]?|km/h|m/s|mph|k[mgW]|[cm]m|m[gil]|min|ms|ft|lbs?|oz|[kMG]?Hz|"
                   "[kKMGT]B|[mgWL])" PARLEY_END,
                   Quantity});
}

void AddNumbers(std::vector<Rule>& rules) {
  rules.push_back(
      {Rule::First::kDigit, "(\\d{1,15})(?:st|nd|rd|th)" PARLEY_END,
       [](const Match& m, NumberWords& words) -> Said { return words.Ordinal(Int(m.groups[1])); }});
  rules.push_back({Rule::First::kDigit, "\\d/\\d(?![\\d/])", Fraction});
  AddQuantities(rules);
  rules.push_back(
      {Rule::First::kDigit, "(\\+?\\d[\\d]{0,3}(?:[ -]\\(?\\d{2,4}\\)?){2,5})" PARLEY_END,
       [](const Match& m, NumberWords& words) -> Said { return words.Figures(m.groups[1]); }});
  rules.push_back({Rule::First::kDigit, PARLEY_NUMBER " ?[–-] ?" PARLEY_NUMBER PARLEY_END,
                   [](const Match& m, NumberWords& words) -> Said {
                     return Number(m.groups[1], words) + " to " + Number(m.groups[2], words);
                   }});
  rules.push_back(
      {Rule::First::kDigit, PARLEY_NUMBER,
       [](const Match& m, NumberWords& words) -> Said { return Number(m.groups[1], words); }});
  rules.push_back({Rule::First::kSymbol, "[-−](?=\\d)" PARLEY_NUMBER,
                   [](const Match& m, NumberWords& words) -> Said {
                     return "minus " + Number(m.groups[1], words);
                   }});
  rules.push_back({Rule::First::kSymbol, "#(\\d{1,15})" PARLEY_END,
                   [](const Match& m, NumberWords& words) -> Said {
                     return "number " + words.Cardinal(m.groups[1]);
                   }});
}

}  // namespace

std::string PlainNumber(std::string_view number, char group, char decimal) {
  std::string plain;
  for (const char c : number) {
    if (c == group) continue;
    plain += c == decimal ? '.' : c;
  }
  return plain;
}

std::vector<Rule> EnglishRules() {
  std::vector<Rule> rules;
  AddAddresses(rules);
  AddMoney(rules);
  AddTimes(rules);
  AddDates(rules);
  AddNumbers(rules);
  rules.push_back({Rule::First::kLetter,
                   "((?:Mr|Mrs|Ms|Dr|Prof|Jr|Sr|vs|etc|approx|dept|est|e\\.g|i\\.e)\\.|w/(?= )|"
                   "No\\.(?= ?\\d)|St\\.(?= \\p{Lu}))(?!\\p{L})",
                   Abbreviation});
  rules.push_back({Rule::First::kSymbol, "[&@=+×%]", Symbol});
  return rules;
}

std::vector<Rule> EnglishRulesBesideGrammar() {
  std::vector<Rule> rules;
  AddAddresses(rules);
  AddMoney(rules);
  AddDates(rules);
  AddQuantities(rules);
  return rules;
}

}  // namespace parley::text::internal
