// Words that mean something to turn-taking, per language, as data (lexicons/*.txt: en, de, fr, es,
// zh, ja); and the questions asked about a text with them. Pure; a Lexicon is immutable, and the
// questions allocate nothing.
//
// A list holds phrases of one word or more; where several fit, the longest counts. In scripts
// without spaces each character is a word, so a phrase is a row of characters there, and two of
// them weigh as much as one word elsewhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::turn {

using Phrase = std::vector<std::string>;
using Phrases = std::vector<Phrase>;

struct Lexicon {
  std::string_view language;  // BCP 47, e.g. "en"
  Phrases backchannels;       // "mhm": heard, go on
  Phrases fillers;            // "um": no content
  Phrases stops;              // "wait", "hold on"
  Phrases wants_more;         // a text that ends so is not complete
  Phrases answers;            // "yes", "nope"
  Phrases polite;             // "please": may stand beside an answer
  Phrases question_verbs;     // open a yes/no question
  Phrases question_ends;      // or close one: "isn't it", 吗
  Phrases question_words;     // "what": it is not a yes/no question
  Phrases figures;            // "one" to "nine", "oh"
};

// By language, also "en-US"; English for none, empty lists for one that is not known.
const Lexicon& LexiconFor(std::string_view language);

// There are words, and all of them are backchannels or fillers.
bool IsOnlyBackchannel(const Lexicon& lexicon, std::string_view text);

// The first words after backchannels, fillers and (where given) those of `own_words` are of the
// stop list.
bool OpensWithStop(const Lexicon& lexicon, std::string_view text, std::string_view own_words = {});

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

// The last sentence is a question that opens with such a verb or closes so, and has no word that
// asks for something else than yes or no.
bool IsYesNoQuestion(const Lexicon& lexicon, std::string_view text);

// Equal after lower-casing and removal of punctuation and fillers.
bool SameWords(const Lexicon& lexicon, std::string_view a, std::string_view b);

// The text up to before its last word; of a script without spaces, its last two characters.
std::string_view WithoutLastWord(std::string_view text);

// The text ends as a sentence does: one full stop, a question or exclamation mark.
bool EndsSentence(std::string_view text);

}  // namespace parley::turn
