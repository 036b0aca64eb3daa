#include "piper/phonemizer.h"

#include <espeak-ng/speak_lib.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "piper/nfd.h"
#include "piper/utf8.h"
#include "piper/words.h"

namespace parley::piper {
namespace {

constexpr size_t kAloneMax = 4096;  // readings kept

// espeak-ng's clause terminators, bits as in its translate.h: pause in 10 ms, intonation, kind.
constexpr int kTerminatorMask = 0xfffff;
constexpr int kEndsSentence = 0x80000;
constexpr int kClause = 0x40000;
constexpr int kFullStop = 40 | kEndsSentence;
constexpr int kQuestion = 40 | 0x2000 | kEndsSentence;
constexpr int kExclamation = 45 | 0x3000 | kEndsSentence;
constexpr int kComma = 20 | 0x1000 | kClause;
constexpr int kColon = 30 | kClause;
constexpr int kSemicolon = 30 | 0x1000 | kClause;

std::u32string_view Punctuation(int terminator) {
  switch (terminator) {
    case kFullStop:
      return U".";
    case kQuestion:
      return U"?";
    case kExclamation:
      return U"!";
    case kComma:
      return U", ";
    case kColon:
      return U": ";
    case kSemicolon:
      return U"; ";
    default:
      return U"";
  }
}

// Without the flags "(en)" that mark a change of language; "()" is none.
std::u32string WithoutFlags(const std::u32string& phonemes) {
  std::u32string out;
  for (size_t i = 0; i < phonemes.size(); ++i) {
    const size_t close = phonemes[i] == '(' ? phonemes.find(U')', i) : std::u32string::npos;
    if (close != std::u32string::npos && close > i + 1) {
      i = close;
    } else {
      out.push_back(phonemes[i]);
    }
  }
  return out;
}

std::u32string Decompose(const std::u32string& codes) {
  std::u32string out;
  for (const char32_t code : codes) AppendNfd(code, out);
  return out;
}

bool HasSound(std::u32string_view symbols) {
  return std::any_of(symbols.begin(), symbols.end(), [](char32_t code) {
    return std::u32string_view(U" .,;:!?").find(code) == std::u32string_view::npos;
  });
}

// The process's espeak-ng. Its state is global, so is this.
std::mutex& EspeakMutex() {
  static std::mutex mutex;
  return mutex;
}

Status StartEspeak(const std::string& data_dir) {
  static const int rate =
      espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, data_dir.c_str(), espeakINITIALIZE_DONT_EXIT);
  if (rate > 0) return {};
  return Fail(Code::kNotFound, "espeak-ng did not start with its data in " + data_dir);
}

}  // namespace

struct Phonemizer::Clause {
  size_t text_begin = 0;
  size_t text_end = 0;
  size_t symbol_begin = 0;
  size_t symbol_end = 0;
};

Result<std::unique_ptr<Phonemizer>> Phonemizer::Create(const Voice& voice,
                                                       const std::string& data_dir) {
  if (voice.phonemes == Voice::Phonemes::kEspeak) {
    const std::scoped_lock lock(EspeakMutex());
    PARLEY_TRY_STATUS(StartEspeak(data_dir));
    if (espeak_SetVoiceByName(voice.espeak_voice.c_str()) != EE_OK) {
      return Fail(Code::kNotFound,
                  "espeak-ng has no voice '" + voice.espeak_voice + "', which this model needs");
    }
  }
  return std::unique_ptr<Phonemizer>(new Phonemizer(voice));
}

std::vector<Sentence> Phonemizer::Phonemize(std::string_view text) {
  const std::string printable = Printable(text);
  if (voice_.phonemes == Voice::Phonemes::kEspeak) return PhonemizeWithEspeak(printable);
  Sentence sentence;
  for (const Token& token : Tokenize(printable, 0, printable.size())) {
    const std::string_view word(printable.data() + token.begin, token.end - token.begin);
    if (!sentence.symbols.empty()) sentence.symbols.push_back(' ');
    sentence.symbols += Decompose(CodePoints(word));
    sentence.words.push_back({sentence.symbols.size(), token.end});
  }
  if (!HasSound(sentence.symbols)) return {};
  return {std::move(sentence)};
}

std::vector<Sentence> Phonemizer::PhonemizeWithEspeak(const std::string& text) {
  const std::scoped_lock lock(EspeakMutex());
  // Always to the text's end: a text given up half way would leave its last character in espeak-ng
  // to begin the next one with.
  espeak_SetVoiceByName(voice_.espeak_voice.c_str());
  std::vector<Sentence> sentences;
  std::vector<std::vector<Clause>> clauses;
  bool open = false;
  size_t begin = 0;
  for (const void* at = text.c_str(); at != nullptr;) {
    int terminator = 0;
    const char* phonemes =
        espeak_TextToPhonemesWithTerminator(&at, espeakCHARS_UTF8, espeakPHONEMES_IPA, &terminator);
    terminator &= kTerminatorMask;
    size_t end = at == nullptr ? text.size()
                               : static_cast<size_t>(static_cast<const char*>(at) - text.c_str());
    // It has read one character ahead, which is not of this clause.
    if (at != nullptr && end > begin) {
      do {
        --end;
      } while (end > begin && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80);
    }
    if (!open) {
      sentences.emplace_back();
      clauses.emplace_back();
    }
    std::u32string& symbols = sentences.back().symbols;
    Clause clause{begin, end, symbols.size(), 0};
    symbols += Decompose(WithoutFlags(CodePoints(phonemes == nullptr ? "" : phonemes)));
    clause.symbol_end = symbols.size();
    clauses.back().push_back(clause);
    symbols += Punctuation(terminator);
    open = (terminator & kEndsSentence) == 0;
    begin = end;
  }
  for (size_t i = 0; i < sentences.size(); ++i) AddWords(text, clauses[i], sentences[i]);
  std::erase_if(sentences, [](const Sentence& s) { return !HasSound(s.symbols); });
  return sentences;
}

void Phonemizer::AddWords(const std::string& text, const std::vector<Clause>& clauses,
                          Sentence& sentence) {
  for (const Clause& clause : clauses) {
    const std::vector<Token> tokens = Tokenize(text, clause.text_begin, clause.text_end);
    std::vector<Reading> readings;
    for (const Token& token : tokens) {
      const std::string_view word(text.data() + token.begin, token.end - token.begin);
      readings.push_back({ReadAlone(word), token.has_letters});
    }
    const std::u32string_view symbols(sentence.symbols.data() + clause.symbol_begin,
                                      clause.symbol_end - clause.symbol_begin);
    const std::vector<size_t> ends = AlignWords(readings, symbols);
    size_t before = 0;
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (ends[i] > before) {
        sentence.words.push_back({clause.symbol_begin + ends[i], tokens[i].end});
        before = ends[i];
      } else if (!sentence.words.empty() && tokens[i].begin == sentence.words.back().text_end) {
        // Closing quotes and the like that a clause's end had cut off.
        sentence.words.back().text_end = tokens[i].end;
      }
    }
  }
}

const std::u32string& Phonemizer::ReadAlone(std::string_view word) {
  const std::string key(word);
  const auto found = alone_.find(key);
  if (found != alone_.end()) return found->second;
  if (alone_.size() >= kAloneMax) alone_.clear();
  std::u32string phonemes;
  for (const void* at = key.c_str(); at != nullptr;) {
    int terminator = 0;
    const char* clause =
        espeak_TextToPhonemesWithTerminator(&at, espeakCHARS_UTF8, espeakPHONEMES_IPA, &terminator);
    if (!phonemes.empty()) phonemes.push_back(' ');
    phonemes += Decompose(WithoutFlags(CodePoints(clause == nullptr ? "" : clause)));
  }
  return alone_.emplace(key, std::move(phonemes)).first->second;
}

std::vector<Sentence> LimitLength(std::vector<Sentence> sentences, size_t symbols_max) {
  std::vector<Sentence> out;
  for (Sentence& sentence : sentences) {
    while (sentence.symbols.size() > symbols_max) {
      const std::u32string_view head(sentence.symbols.data(), symbols_max);
      size_t cut = head.find_last_of(U",;:");
      if (cut == std::u32string_view::npos || cut < symbols_max / 4) cut = head.rfind(U' ');
      cut = cut == std::u32string_view::npos || cut == 0 ? symbols_max : cut + 1;
      Sentence first{sentence.symbols.substr(0, cut), {}};
      auto later = std::find_if(sentence.words.begin(), sentence.words.end(),
                                [&](const WordEnd& word) { return word.symbol > cut; });
      first.words.assign(sentence.words.begin(), later);
      sentence.words.erase(sentence.words.begin(), later);
      for (WordEnd& word : sentence.words) word.symbol -= cut;
      sentence.symbols.erase(0, cut);
      if (HasSound(first.symbols)) out.push_back(std::move(first));
    }
    if (HasSound(sentence.symbols)) out.push_back(std::move(sentence));
  }
  return out;
}

Ids ToIds(const Voice& voice, std::u32string_view symbols) {
  Ids out;
  const auto append = [&](char32_t symbol) {
    const auto found = voice.ids.find(symbol);
    if (found == voice.ids.end()) return false;
    out.ids.insert(out.ids.end(), found->second.begin(), found->second.end());
    return true;
  };
  append('^');
  append('_');
  for (const char32_t symbol : symbols) {
    if (append(symbol)) append('_');
    out.symbol_end.push_back(out.ids.size());
  }
  append('$');
  return out;
}

}  // namespace parley::piper
