#include "turn/lexicon.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "turn/words.h"

namespace parley::turn {
namespace {

using Word = std::string_view;

constexpr std::array<Word, 25> kEnBackchannels = {
    "mhm",  "mm",  "mmhm", "mmm",   "hm",     "hmm",  "uh-huh", "uhhuh", "huh",
    "yeah", "yep", "yup",  "yes",   "okay",   "ok",   "right",  "sure",  "aha",
    "ah",   "oh",  "wow",  "great", "really", "cool", "indeed"};
constexpr std::array<Word, 11> kEnFillers = {"um",  "umm", "uh",  "uhh",  "er",  "erm",
                                             "ehm", "eh",  "uhm", "like", "well"};
constexpr std::array<Word, 11> kEnStops = {"stop",    "wait",      "no",     "hold on",
                                           "hang on", "pause",     "quiet",  "silence",
                                           "enough",  "excuse me", "shut up"};
constexpr std::array<Word, 58> kEnWantsMore = {
    "and",  "but",  "or",    "so",    "because", "the",   "a",      "an",    "to",   "of",
    "for",  "with", "in",    "on",    "at",      "from",  "by",     "about", "my",   "your",
    "his",  "her",  "our",   "their", "its",     "if",    "when",   "while", "that", "which",
    "who",  "what", "where", "than",  "then",    "is",    "are",    "was",   "were", "am",
    "i'm",  "it's", "will",  "would", "can",     "could", "should", "um",    "uh",   "er",
    "like", "very", "i",     "we",    "they",    "gonna", "wanna",  "also"};
constexpr std::array<Word, 12> kEnAnswers = {"yes",  "no",        "yeah",       "yep",
                                             "nope", "sure",      "okay",       "ok",
                                             "nah",  "certainly", "definitely", "absolutely"};
constexpr std::array<Word, 26> kEnQuestionVerbs = {
    "do",    "does", "did",   "is",     "are",    "was",     "were",  "am",      "can",
    "could", "will", "would", "shall",  "should", "may",     "might", "must",    "have",
    "has",   "had",  "isn't", "aren't", "don't",  "doesn't", "won't", "wouldn't"};
constexpr std::array<Word, 11> kEnFigures = {"oh",   "zero", "one",   "two",   "three", "four",
                                             "five", "six",  "seven", "eight", "nine"};

constexpr Lexicon kEnglish = {.language = "en",
                              .backchannels = kEnBackchannels,
                              .fillers = kEnFillers,
                              .stops = kEnStops,
                              .wants_more = kEnWantsMore,
                              .answers = kEnAnswers,
                              .question_verbs = kEnQuestionVerbs,
                              .figures = kEnFigures};
constexpr Lexicon kUnknown = {};

bool Has(std::span<const Word> list, Word word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool IsEmptyWord(const Lexicon& lexicon, Word word) {
  return Has(lexicon.backchannels, word) || Has(lexicon.fillers, word);
}

bool TextHas(std::string_view text, Word word) {
  for (WordReader reader(text); reader.Next();) {
    if (reader.word() == word) return true;
  }
  return false;
}

// "hold on" against the pair hold, on.
bool IsPair(Word entry, Word first, Word second) {
  return entry.size() == first.size() + 1 + second.size() &&
         entry.substr(0, first.size()) == first && entry[first.size()] == ' ' &&
         entry.substr(first.size() + 1) == second;
}

// Digits a word stands for: "555" 3, "five" 1, others 0.
int DigitsOf(const Lexicon& lexicon, Word word) {
  const bool digits =
      std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  if (digits) return static_cast<int>(word.size());
  return Has(lexicon.figures, word) ? 1 : 0;
}

}  // namespace

const Lexicon& LexiconFor(std::string_view language) {
  const std::string_view primary = language.substr(0, language.find('-'));
  return primary == "en" || primary.empty() ? kEnglish : kUnknown;
}

bool IsOnlyBackchannel(const Lexicon& lexicon, std::string_view text) {
  bool any = false;
  for (WordReader reader(text); reader.Next(); any = true) {
    if (!IsEmptyWord(lexicon, reader.word())) return false;
  }
  return any;
}

bool OpensWithStop(const Lexicon& lexicon, std::string_view text) {
  WordReader reader(text);
  bool more = reader.Next();
  while (more && IsEmptyWord(lexicon, reader.word()) && !Has(lexicon.stops, reader.word())) {
    more = reader.Next();
  }
  if (!more) return false;
  if (Has(lexicon.stops, reader.word())) return true;
  const WordReader first = reader;
  if (!reader.Next()) return false;
  return std::any_of(lexicon.stops.begin(), lexicon.stops.end(),
                     [&](Word entry) { return IsPair(entry, first.word(), reader.word()); });
}

int CountContentWords(const Lexicon& lexicon, std::string_view text, std::string_view own_words) {
  int count = 0;
  for (WordReader reader(text); reader.Next();) {
    if (IsEmptyWord(lexicon, reader.word())) continue;
    if (!own_words.empty() && TextHas(own_words, reader.word())) continue;
    ++count;
  }
  return count;
}

double ShareOfWordsIn(std::string_view text, std::string_view own_words) {
  int words = 0;
  int own = 0;
  for (WordReader reader(text); reader.Next(); ++words) own += TextHas(own_words, reader.word());
  return words == 0 ? 0 : static_cast<double>(own) / words;
}

bool WantsMore(const Lexicon& lexicon, std::string_view text) {
  const size_t last = text.find_last_not_of(" \n");
  if (last != std::string_view::npos && text[last] == '?') return false;
  int groups = 0;
  int digits = 0;
  bool asks = false;
  for (WordReader reader(text); reader.Next();) {
    const int own = DigitsOf(lexicon, reader.word());
    groups = own > 0 ? groups + 1 : 0;
    digits = own > 0 ? digits + own : 0;
    asks = Has(lexicon.wants_more, reader.word());
  }
  return asks || (groups >= 2 && digits != 7 && digits != 10 && digits != 11);
}

bool IsYesNoAnswer(const Lexicon& lexicon, std::string_view text) {
  int words = 0;
  for (WordReader reader(text); reader.Next(); ++words) {
    const Word word = reader.word();
    const bool polite = word == "please" || word == "thanks" || word == "thank" || word == "you";
    if (words == 0 ? !Has(lexicon.answers, word) : !polite && !Has(lexicon.answers, word)) {
      return false;
    }
  }
  return words > 0 && words <= 4;
}

bool IsYesNoQuestion(const Lexicon& lexicon, std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '"')) {
    text.remove_suffix(1);
  }
  if (text.empty() || text.back() != '?') return false;
  const size_t before = text.substr(0, text.size() - 1).find_last_of(".!?\n");
  WordReader reader(before == std::string_view::npos ? text : text.substr(before + 1));
  return reader.Next() && Has(lexicon.question_verbs, reader.word());
}

bool SameWords(const Lexicon& lexicon, std::string_view a, std::string_view b) {
  WordReader left(a);
  WordReader right(b);
  const auto next = [&lexicon](WordReader& reader) {
    bool more = reader.Next();
    while (more && Has(lexicon.fillers, reader.word())) more = reader.Next();
    return more;
  };
  while (true) {
    const bool more_left = next(left);
    const bool more_right = next(right);
    if (more_left != more_right) return false;
    if (!more_left) return true;
    if (left.word() != right.word()) return false;
  }
}

}  // namespace parley::turn
