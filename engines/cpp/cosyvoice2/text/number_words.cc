#include "cosyvoice2/text/number_words.h"

#include <vector>

#include "text/unicode.h"

namespace parley::cosyvoice2 {
namespace {

constexpr std::string_view kUnits[] = {"zero",    "one",     "two",       "three",    "four",
                                       "five",    "six",     "seven",     "eight",    "nine",
                                       "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                       "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::string_view kTens[] = {"",      "",      "twenty",  "thirty", "forty",
                                      "fifty", "sixty", "seventy", "eighty", "ninety"};
constexpr std::string_view kGroups[] = {"",
                                        " thousand",
                                        " million",
                                        " billion",
                                        " trillion",
                                        " quadrillion",
                                        " quintillion",
                                        " sextillion",
                                        " septillion",
                                        " octillion",
                                        " nonillion",
                                        " decillion"};
constexpr size_t kFiguresMax = 3 * std::size(kGroups);

// 1 to 999.
std::string GroupInWords(int value) {
  std::string words;
  if (value >= 100) {
    words.append(kUnits[value / 100]).append(" hundred");
    value %= 100;
    if (value > 0) words += " and ";
  }
  if (value >= 20) {
    words += kTens[value / 10];
    value %= 10;
    if (value > 0) words += "-";
  }
  if (value > 0) words += kUnits[value];
  return words;
}

std::string OneByOne(std::string_view figures) {
  std::string words;
  for (const char figure : figures) {
    if (!words.empty()) words += " ";
    words += kUnits[figure - '0'];
  }
  return words;
}

}  // namespace

std::string NumberInWords(std::string_view figures) {
  const size_t first = figures.find_first_not_of('0');
  if (first == std::string_view::npos) return std::string(kUnits[0]);
  figures.remove_prefix(first);
  if (figures.size() > kFiguresMax) return OneByOne(figures);
  std::string words;
  size_t at = 0;
  for (size_t left = figures.size(); left > 0;) {
    const size_t group = (left - 1) / 3;
    int value = 0;
    for (; left > 3 * group; --left) value = 10 * value + (figures[at++] - '0');
    if (value == 0) continue;
    if (!words.empty()) words += group == 0 && value < 100 ? " and " : ", ";
    words.append(GroupInWords(value)).append(kGroups[group]);
  }
  return words;
}

std::string SpellOutNumbers(std::string_view bytes) {
  const std::u32string text = text::DecodeUtf8(bytes);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text::DigitValue(text[at]) < 0) {
      text::AppendUtf8(text[at++], out);
      continue;
    }
    std::string figures;
    for (; at < text.size() && text::DigitValue(text[at]) >= 0; ++at) {
      if (!text::IsDecimalDigit(text[at])) continue;
      figures += static_cast<char>('0' + text::DigitValue(text[at]));
    }
    out += NumberInWords(figures);
  }
  return out;
}

}  // namespace parley::cosyvoice2
