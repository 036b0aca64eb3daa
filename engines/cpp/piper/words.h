// Which sound belongs to which word of the text. espeak-ng merges words ("of the" becomes one) and
// spells others out ("221B" becomes four), so word boundaries of the phonemes say little: instead
// each word is read alone and the readings, joined, are aligned with what the clause sounds like.
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace parley::piper {

// A word of a text: bytes [begin, end), with the punctuation that touches it. An ideograph or kana
// is a word of its own.
struct Token {
  size_t begin = 0;
  size_t end = 0;
  bool has_letters = false;  // false for "--", "…", "?!": usually silent
};

// The words of text[begin, end), in order.
std::vector<Token> Tokenize(std::string_view text, size_t begin, size_t end);

// What a word sounds like when read alone.
struct Reading {
  std::u32string phonemes;
  bool has_letters = false;  // of its token
};

// For each word, where its sound ends in `phonemes`: an index, past its last symbol that is neither
// space nor punctuation. Equal to the one before (0 at first) for a word that is silent here.
// Least edits by dynamic programming (Wagner and Fischer, 1974) over symbols without stress marks;
// bounded: a pair of texts too long for that is divided in proportion to the words' bytes.
std::vector<size_t> AlignWords(const std::vector<Reading>& words, std::u32string_view phonemes);

}  // namespace parley::piper
