#include "turn/lexicon.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

#include "base/check.h"
#include "turn/words.h"

namespace parley::turn {
namespace {

// Lists by name in brackets, phrases between commas, # for remarks.
constexpr std::string_view kEnglish =
#include "turn/lexicons/en.txt"
    ;
constexpr std::string_view kGerman =
#include "turn/lexicons/de.txt"
    ;
constexpr std::string_view kFrench =
#include "turn/lexicons/fr.txt"
    ;
constexpr std::string_view kSpanish =
#include "turn/lexicons/es.txt"
    ;
constexpr std::string_view kChinese =
#include "turn/lexicons/zh.txt"
    ;
constexpr std::string_view kJapanese =
#include "turn/lexicons/ja.txt"
    ;

Phrases* ListNamed(Lexicon& lexicon, std::string_view name) {
  const std::pair<std::string_view, Phrases*> lists[] = {
      {"backchannels", &lexicon.backchannels},
      {"fillers", &lexicon.fillers},
      {"stops", &lexicon.stops},
      {"wants_more", &lexicon.wants_more},
      {"answers", &lexicon.answers},
      {"polite", &lexicon.polite},
      {"question_verbs", &lexicon.question_verbs},
      {"question_ends", &lexicon.question_ends},
      {"question_words", &lexicon.question_words},
      {"figures", &lexicon.figures}};
  for (const auto& [list, phrases] : lists) {
    if (list == name) return phrases;
  }
  return nullptr;
}

void ReadPhrases(std::string_view line, Phrases& phrases) {
  while (!line.empty()) {
    const size_t comma = std::min(line.find(','), line.size());
    Phrase phrase;
    for (WordReader reader(line.substr(0, comma)); reader.Next();) {
      phrase.emplace_back(reader.word());
    }
    if (!phrase.empty()) phrases.push_back(std::move(phrase));
    line.remove_prefix(std::min(comma + 1, line.size()));
  }
}

Lexicon Read(std::string_view language, std::string_view data) {
  Lexicon lexicon{.language = language};
  Phrases* list = nullptr;
  while (!data.empty()) {
    const size_t end = std::min(data.find('\n'), data.size());
    const std::string_view line = data.substr(0, end);
    data.remove_prefix(std::min(end + 1, data.size()));
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[') {
      list = ListNamed(lexicon, line.substr(1, line.size() - 2));
      PARLEY_CHECK(list);  // a list of that name is in the header
      continue;
    }
    if (list) ReadPhrases(line, *list);
  }
  return lexicon;
}

// Words of the phrase that the reader's word and those behind it begin with; 0 if they do not.
size_t Matches(const Phrase& phrase, const WordReader& at) {
  if (phrase[0] != at.word()) return 0;
  WordReader reader = at;
  for (size_t i = 1; i < phrase.size(); ++i) {
    if (!reader.Next() || reader.word() != phrase[i]) return 0;
  }
  return phrase.size();
}

// Words of the longest phrase of the list that begins with the reader's word.
size_t Longest(const Phrases& list, const WordReader& at) {
  size_t longest = 0;
  for (const Phrase& phrase : list) longest = std::max(longest, Matches(phrase, at));
  return longest;
}

size_t LongestEmpty(const Lexicon& lexicon, const WordReader& at) {
  return std::max(Longest(lexicon.backchannels, at), Longest(lexicon.fillers, at));
}

// Past the words of a phrase; false at the end of the text.
bool Skip(WordReader& reader, size_t words) {
  bool more = true;
  for (; words > 0 && more; --words) more = reader.Next();
  return more;
}

bool TextHas(std::string_view text, std::string_view word) {
  for (WordReader reader(text); reader.Next();) {
    if (reader.word() == word) return true;
  }
  return false;
}

bool HasAny(const Phrases& list, std::string_view text) {
  for (WordReader reader(text); reader.Next();) {
    if (Longest(list, reader) > 0) return true;
  }
  return false;
}

// A phrase of the list is the end of the text.
bool EndsWithAny(const Phrases& list, std::string_view text) {
  for (WordReader reader(text); reader.Next();) {
    const bool ends = std::any_of(list.begin(), list.end(), [&reader](const Phrase& phrase) {
      WordReader behind = reader;
      return Matches(phrase, reader) > 0 && !Skip(behind, phrase.size());
    });
    if (ends) return true;
  }
  return false;
}

// Digits a word stands for: "555" 3, "five" 1, others 0.
int DigitsOf(const Lexicon& lexicon, const WordReader& at) {
  const std::string_view word = at.word();
  const bool digits =
      std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  if (digits) return static_cast<int>(word.size());
  return Longest(lexicon.figures, at) > 0 ? 1 : 0;
}

constexpr std::string_view kWideStop = "。";
constexpr std::string_view kWideQuestion = "？";
constexpr std::string_view kWideExclamation = "！";

std::string_view Trimmed(std::string_view text) {
  const size_t last = text.find_last_not_of(" \n\t\"'");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

bool EndsInQuestion(std::string_view text) {
  const std::string_view trimmed = Trimmed(text);
  return trimmed.ends_with('?') || trimmed.ends_with(kWideQuestion);
}

}  // namespace

const Lexicon& LexiconFor(std::string_view language) {
  static const std::array<Lexicon, 6> kKnown = {Read("en", kEnglish), Read("de", kGerman),
                                                Read("fr", kFrench),  Read("es", kSpanish),
                                                Read("zh", kChinese), Read("ja", kJapanese)};
  static const Lexicon kUnknown;
  const std::string_view primary = language.substr(0, language.find('-'));
  if (primary.empty()) return kKnown[0];
  const auto found = std::find_if(kKnown.begin(), kKnown.end(), [primary](const Lexicon& lexicon) {
    return lexicon.language == primary;
  });
  return found == kKnown.end() ? kUnknown : *found;
}

bool IsOnlyBackchannel(const Lexicon& lexicon, std::string_view text) {
  WordReader reader(text);
  bool more = reader.Next();
  const bool any = more;
  while (more) {
    const size_t words = LongestEmpty(lexicon, reader);
    if (words == 0) return false;
    more = Skip(reader, words);
  }
  return any;
}

bool OpensWithStop(const Lexicon& lexicon, std::string_view text, std::string_view own_words) {
  WordReader reader(text);
  bool more = reader.Next();
  while (more) {
    const bool own = !own_words.empty() && TextHas(own_words, reader.word());
    const size_t stop = own ? 0 : Longest(lexicon.stops, reader);
    const size_t empty = std::max<size_t>(LongestEmpty(lexicon, reader), own ? 1 : 0);
    if (stop > 0 && stop >= empty) return true;
    if (empty == 0) return false;
    more = Skip(reader, empty);
  }
  return false;
}

int CountContentWords(const Lexicon& lexicon, std::string_view text, std::string_view own_words) {
  int words = 0;
  int characters = 0;
  WordReader reader(text);
  bool more = reader.Next();
  while (more) {
    const size_t empty = LongestEmpty(lexicon, reader);
    const bool own = empty == 0 && !own_words.empty() && TextHas(own_words, reader.word());
    if (empty == 0 && !own) ++(reader.wide() ? characters : words);
    more = Skip(reader, std::max<size_t>(empty, 1));
  }
  return words + (characters + 1) / 2;
}

double ShareOfWordsIn(std::string_view text, std::string_view own_words) {
  int words = 0;
  int own = 0;
  for (WordReader reader(text); reader.Next(); ++words) own += TextHas(own_words, reader.word());
  return words == 0 ? 0 : static_cast<double>(own) / words;
}

bool WantsMore(const Lexicon& lexicon, std::string_view text) {
  if (EndsInQuestion(text)) return false;
  int groups = 0;
  int digits = 0;
  for (WordReader reader(text); reader.Next();) {
    const int own = DigitsOf(lexicon, reader);
    groups = own > 0 ? groups + 1 : 0;
    digits = own > 0 ? digits + own : 0;
  }
  if (groups >= 2 && digits != 7 && digits != 10 && digits != 11) return true;
  return EndsWithAny(lexicon.wants_more, text);
}

bool IsYesNoAnswer(const Lexicon& lexicon, std::string_view text) {
  constexpr int kPhrasesMax = 4;
  WordReader reader(text);
  bool more = reader.Next();
  int phrases = 0;
  for (; more && phrases <= kPhrasesMax; ++phrases) {
    const size_t answer = Longest(lexicon.answers, reader);
    const size_t polite = Longest(lexicon.polite, reader);
    const size_t words = phrases == 0 ? answer : std::max(answer, polite);
    if (words == 0) return false;
    more = Skip(reader, words);
  }
  return phrases > 0 && phrases <= kPhrasesMax && !more;
}

bool IsYesNoQuestion(const Lexicon& lexicon, std::string_view text) {
  text = Trimmed(text);
  if (!EndsInQuestion(text)) return false;
  text.remove_suffix(text.back() == '?' ? 1 : kWideQuestion.size());
  size_t from = 0;
  for (const std::string_view stop :
       {std::string_view("."), std::string_view("!"), std::string_view("?"), std::string_view("\n"),
        kWideStop, kWideQuestion, kWideExclamation}) {
    const size_t at = text.rfind(stop);
    if (at != std::string_view::npos) from = std::max(from, at + stop.size());
  }
  const std::string_view sentence = text.substr(from);
  WordReader reader(sentence);
  if (!reader.Next() || HasAny(lexicon.question_words, sentence)) return false;
  return Longest(lexicon.question_verbs, reader) > 0 ||
         EndsWithAny(lexicon.question_ends, sentence);
}

bool SameWords(const Lexicon& lexicon, std::string_view a, std::string_view b) {
  WordReader left(a);
  WordReader right(b);
  const auto next = [&lexicon](WordReader& reader) {
    bool more = reader.Next();
    while (more) {
      const size_t filler = Longest(lexicon.fillers, reader);
      if (filler == 0) return true;
      more = Skip(reader, filler);
    }
    return false;
  };
  while (true) {
    const bool more_left = next(left);
    const bool more_right = next(right);
    if (more_left != more_right) return false;
    if (!more_left) return true;
    if (left.word() != right.word()) return false;
  }
}

std::string_view WithoutLastWord(std::string_view text) {
  const std::string_view trimmed = Trimmed(text);
  const size_t space = trimmed.rfind(' ');
  constexpr size_t kTwoCharacters = 6;
  const uint8_t lead = trimmed.size() < 3 ? 0 : static_cast<uint8_t>(trimmed[trimmed.size() - 3]);
  if (lead >= 0xe3 && lead <= 0xe9) {
    return trimmed.substr(0, trimmed.size() - std::min(trimmed.size(), kTwoCharacters));
  }
  return space == std::string_view::npos ? std::string_view() : trimmed.substr(0, space);
}

bool EndsSentence(std::string_view text) {
  const std::string_view trimmed = Trimmed(text);
  if (trimmed.empty()) return false;
  if (trimmed.ends_with('?') || trimmed.ends_with('!')) return true;
  if (trimmed.ends_with(kWideStop) || trimmed.ends_with(kWideQuestion)) return true;
  if (trimmed.ends_with(kWideExclamation)) return true;
  return trimmed.ends_with('.') && !trimmed.ends_with("..");
}

}  // namespace parley::turn
