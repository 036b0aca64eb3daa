#include "whisper/hearing_policy.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace parley::whisper {
namespace {

// Whisper's own rule for silence.
constexpr float kNoSpeech = 0.6F;
constexpr float kUnsureLogprob = -1.0F;
// Measured with tiny.en: noise, hums, clicks and breath at any level come out at −1.5 to −3.4,
// speech at −0.1 to −1.3, cut words included; more than a few words only of noise are below −1.3.
constexpr float kNotSaidLogprob = -1.45F;
constexpr float kNotSaidManyLogprob = -1.3F;
constexpr size_t kManyWords = 4;
// A favourite of noise needs better evidence: the model doubts neither the speech nor the words,
// and it was loud for as long as it takes to say something.
constexpr float kFavouriteNoSpeech = 0.2F;
constexpr float kFavouriteLogprob = -0.9F;
constexpr int kFavouriteLoudMs = 200;

constexpr std::array kFavourites = {std::string_view("you"),
                                    std::string_view("thank you"),
                                    std::string_view("thanks"),
                                    std::string_view("thank you very much"),
                                    std::string_view("thank you so much"),
                                    std::string_view("thanks for watching"),
                                    std::string_view("thank you for watching"),
                                    std::string_view("please subscribe"),
                                    std::string_view("bye"),
                                    std::string_view("bye bye"),
                                    std::string_view("okay"),
                                    std::string_view("so"),
                                    std::string_view("the end"),
                                    std::string_view("i'm sorry"),
                                    std::string_view("oh"),
                                    std::string_view("i"),
                                    std::string_view("the"),
                                    std::string_view("and"),
                                    std::string_view("a"),
                                    std::string_view("hmm"),
                                    std::string_view("uh"),
                                    std::string_view("mm"),
                                    std::string_view("we'll be right back"),
                                    std::string_view("subtitles by the amara org community")};

// U+2000 to U+2BFF: dashes, quotes, dots, arrows, notes.
bool IsSymbol(std::string_view text, size_t at) {
  if (text.size() - at < 3 || text[at] != '\xE2') return false;
  const auto second = static_cast<unsigned char>(text[at + 1]);
  return second >= 0x80 && second <= 0xAF;
}

bool IsSoundName(std::string_view text) {
  if (text.size() < 2) return false;
  const char first = text.front(), last = text.back();
  return (first == '[' && last == ']') || (first == '(' && last == ')') ||
         (first == '*' && last == '*');
}

}  // namespace

std::string Normalized(std::string_view text) {
  std::string normal;
  bool gap = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool symbol = IsSymbol(text, at);
    if (symbol || (byte < 0x80 && !std::isalnum(byte) && byte != '\'')) {
      gap = true;
      at += symbol ? 2 : 0;
      continue;
    }
    if (gap && !normal.empty()) normal += ' ';
    gap = false;
    normal += byte < 0x80 ? static_cast<char>(std::tolower(byte)) : text[at];
  }
  return normal;
}

bool IsFavouriteOfNoise(std::string_view text) {
  const std::string normal = Normalized(text);
  return std::find(kFavourites.begin(), kFavourites.end(), normal) != kFavourites.end();
}

bool WasNotSaid(const Pass& pass, const SpeechSpan& span) {
  const std::string text = Join(pass.words);
  if (Normalized(text).empty() || IsSoundName(text)) return true;
  if (pass.no_speech > kNoSpeech && pass.mean_logprob < kUnsureLogprob) return true;
  const bool many = pass.words.size() >= kManyWords;
  if (pass.mean_logprob < (many ? kNotSaidManyLogprob : kNotSaidLogprob)) return true;
  return IsFavouriteOfNoise(text) &&
         (pass.no_speech > kFavouriteNoSpeech || pass.mean_logprob < kFavouriteLogprob ||
          span.loud_ms < kFavouriteLoudMs);
}

}  // namespace parley::whisper
