#include "piper/words.h"

#include <algorithm>
#include <cstdint>

#include "piper/utf8.h"

namespace parley::piper {
namespace {

constexpr size_t kCellsMax = 4'000'000;

bool IsSpace(char32_t code) {
  return code == ' ' || (code >= '\t' && code <= '\r') || code == 0xa0 || code == 0x3000 ||
         (code >= 0x2000 && code <= 0x200b) || code == 0x2028 || code == 0x2029;
}

// Scripts that are written without spaces: CJK ideographs, kana, their extensions.
bool IsIdeograph(char32_t code) {
  return (code >= 0x3041 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x9fff) ||
         (code >= 0xf900 && code <= 0xfaff) || (code >= 0x20000 && code <= 0x3ffff);
}

bool IsLetter(char32_t code) {
  if (code < 0x80) {
    return (code >= '0' && code <= '9') || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z');
  }
  return code >= 0xaa && code != 0xab && code != 0xbb && code != 0xbf &&
         (code < 0x2000 || code > 0x2bff) && (code < 0x3000 || code > 0x303f);
}

bool IsStress(char32_t code) { return code == U'ˈ' || code == U'ˌ' || code == U'ː'; }
bool IsPause(char32_t code) {
  return code == ' ' || code == '.' || code == ',' || code == ';' || code == ':' || code == '!' ||
         code == '?';
}

struct Symbol {
  char32_t code;   // ' ' between words
  uint8_t drop;    // what it costs to find it nowhere
  uint32_t index;  // words: of the word; phonemes: in the sentence
};

std::vector<Symbol> JoinReadings(const std::vector<Reading>& words) {
  std::vector<Symbol> symbols;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) symbols.push_back({' ', 1, static_cast<uint32_t>(i - 1)});
    for (const char32_t code : words[i].phonemes) {
      if (IsStress(code) || (IsPause(code) && code != ' ')) continue;
      const uint8_t drop = code == ' ' || !words[i].has_letters ? 1 : 2;
      symbols.push_back({code, drop, static_cast<uint32_t>(i)});
    }
  }
  return symbols;
}

std::vector<Symbol> Sounds(std::u32string_view phonemes) {
  std::vector<Symbol> symbols;
  for (size_t i = 0; i < phonemes.size(); ++i) {
    const char32_t code = phonemes[i];
    if (IsStress(code) || (IsPause(code) && code != ' ')) continue;
    if (code == ' ' && (symbols.empty() || symbols.back().code == ' ')) continue;
    const uint8_t drop = code == ' ' ? 1 : 2;
    symbols.push_back({code, drop, static_cast<uint32_t>(i)});
  }
  return symbols;
}

uint32_t SwapCost(char32_t a, char32_t b) {
  if (a == b) return 0;
  return a == ' ' || b == ' ' ? 100 : 3;
}

// The least costs of matching the first i of `a` with the first j of `b`: cost[i][j].
std::vector<uint32_t> Costs(const std::vector<Symbol>& a, const std::vector<Symbol>& b) {
  const size_t width = b.size() + 1;
  std::vector<uint32_t> cost((a.size() + 1) * width);
  for (size_t j = 1; j < width; ++j) cost[j] = cost[j - 1] + b[j - 1].drop;
  for (size_t i = 1; i <= a.size(); ++i) {
    const uint32_t* above = &cost[(i - 1) * width];
    uint32_t* row = &cost[i * width];
    row[0] = above[0] + a[i - 1].drop;
    for (size_t j = 1; j < width; ++j) {
      row[j] = std::min({above[j - 1] + SwapCost(a[i - 1].code, b[j - 1].code),
                         above[j] + a[i - 1].drop, row[j - 1] + b[j - 1].drop});
    }
  }
  return cost;
}

// Past the last sound before `sounds[upto]`, with the length marks that follow it.
size_t EndOf(const std::vector<Symbol>& sounds, size_t upto, std::u32string_view phonemes) {
  while (upto > 0 && sounds[upto - 1].code == ' ') --upto;
  if (upto == 0) return 0;
  size_t end = sounds[upto - 1].index + 1;
  while (end < phonemes.size() && phonemes[end] == U'ː') ++end;
  return end;
}

std::vector<size_t> InProportion(const std::vector<Reading>& words,
                                 const std::vector<Symbol>& sounds, std::u32string_view phonemes) {
  size_t total = 0;
  for (const Reading& word : words) total += word.phonemes.size();
  std::vector<size_t> ends;
  size_t before = 0;
  for (const Reading& word : words) {
    before += word.phonemes.size();
    ends.push_back(EndOf(sounds, total == 0 ? 0 : sounds.size() * before / total, phonemes));
  }
  return ends;
}

}  // namespace

std::vector<Token> Tokenize(std::string_view text, size_t begin, size_t end) {
  std::vector<Token> tokens;
  bool open = false;
  for (size_t at = begin; at < end;) {
    const CodePoint point = ReadCodePoint(text.substr(0, end), at);
    const bool ideograph = point.valid && IsIdeograph(point.code);
    if (!point.valid || IsSpace(point.code)) {
      open = false;
    } else {
      // Punctuation after an ideograph belongs to it; letters start a word.
      const bool fresh = !open || ideograph;
      if (fresh) tokens.push_back({.begin = at});
      open = true;
      tokens.back().end = at + point.size;
      tokens.back().has_letters |= IsLetter(point.code);
    }
    at += point.size;
  }
  return tokens;
}

std::vector<size_t> AlignWords(const std::vector<Reading>& words, std::u32string_view phonemes) {
  const std::vector<Symbol> a = JoinReadings(words);
  const std::vector<Symbol> b = Sounds(phonemes);
  const size_t width = b.size() + 1;
  if ((a.size() + 1) * width > kCellsMax) return InProportion(words, b, phonemes);
  const std::vector<uint32_t> cost = Costs(a, b);
  // Back from the end along a cheapest path; where a word's last symbol is passed, there it ends.
  std::vector<size_t> ends(words.size(), SIZE_MAX);
  size_t i = a.size();
  size_t j = b.size();
  const auto reach = [&](size_t word) {
    if (ends[word] == SIZE_MAX) ends[word] = EndOf(b, j, phonemes);
  };
  while (i > 0) {
    reach(a[i - 1].index);
    const uint32_t here = cost[i * width + j];
    if (j > 0 && here == cost[(i - 1) * width + j - 1] + SwapCost(a[i - 1].code, b[j - 1].code)) {
      --i, --j;
    } else if (j > 0 && here == cost[i * width + j - 1] + b[j - 1].drop) {
      --j;
    } else {
      --i;
    }
  }
  size_t before = 0;
  for (size_t& word_end : ends) {
    word_end = word_end == SIZE_MAX ? before : std::max(word_end, before);
    before = word_end;
  }
  return ends;
}

}  // namespace parley::piper
