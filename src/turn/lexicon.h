// Words that mean something to turn-taking, per language, as data; and the questions asked about a
// text with them. Pure, allocates nothing; a Lexicon is immutable.
#pragma once

#include <span>
#include <string_view>

namespace parley::turn {

struct Lexicon {
  std::string_view language;                         // BCP 47, e.g. "en"
  std::span<const std::string_view> backchannels;    // "mhm": heard, go on
  std::span<const std::string_view> fillers;         // "um": no content
  std::span<const std::string_view> stops;           // "wait"; also pairs of words, "hold on"
  std::span<const std::string_view> wants_more;      // a text that ends so is not complete
  std::span<const std::string_view> answers;         // "yes", "nope"
  std::span<const std::string_view> question_verbs;  // open a yes/no question
  std::span<const std::string_view> figures;         // "one" to "nine", "oh"
};

// By language, also "en-US"; empty lists for one that is not known.
const Lexicon& LexiconFor(std::string_view language);

// There are words, and all of them are backchannels or fillers.
bool IsOnlyBackchannel(const Lexicon& lexicon, std::string_view text);

// The first words after backchannels and fillers are of the stop list.
bool OpensWithStop(const Lexicon& lexicon, std::string_view text);

// Words that are neither backchannel nor filler, nor (where given) stand in `own_words`.
int CountContentWords(const Lexicon& lexicon, std::string_view text,
                      std::string_view own_words = {});

// Share of the text's words that stand in `own_words`; 0 for a text without words.
double ShareOfWordsIn(std::string_view text, std::string_view own_words);

// It ends in a word that asks for more, or in figures that look like the beginning of a longer row:
// two or more groups, and neither 7, 10 nor 11 digits together. A question mark says it does not.
bool WantsMore(const Lexicon& lexicon, std::string_view text);

// The whole text is a yes or no.
bool IsYesNoAnswer(const Lexicon& lexicon, std::string_view text);

// The last sentence is a question that opens with such a verb.
bool IsYesNoQuestion(const Lexicon& lexicon, std::string_view text);

// Equal after lower-casing and removal of punctuation and fillers.
bool SameWords(const Lexicon& lexicon, std::string_view a, std::string_view b);

}  // namespace parley::turn
