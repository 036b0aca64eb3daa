#include "whisper/internal/word_builder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "whisper/limits.h"

namespace parley::whisper {
namespace {

// Whisper's codes of languages that put no spaces between words.
constexpr std::array<std::string_view, 8> kUnspaced = {"zh", "ja",  "th", "lo",
                                                       "my", "yue", "km", "bo"};

// The length of the UTF-8 sequence that begins with `first`, 0 if none does.
size_t SequenceLength(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 0;
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The whole characters of `text`. `rest` is where the first that is not whole begins.
std::string WholeCharacters(std::string_view text, size_t& characters) {
  std::string whole;
  characters = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t length = SequenceLength(static_cast<unsigned char>(text[at]));
    const std::string_view sequence = text.substr(at, length);
    const bool valid = length > 0 && sequence.size() == length &&
                       std::all_of(sequence.begin() + 1, sequence.end(), IsContinuation);
    if (valid) {
      whole += sequence;
      ++characters;
    }
    at += valid ? length : 1;
  }
  return whole;
}

bool EndsWhole(std::string_view text) {
  size_t back = 0;
  while (back < text.size() && back < 4 && IsContinuation(text[text.size() - 1 - back])) ++back;
  if (back == text.size()) return back == 0;
  return SequenceLength(static_cast<unsigned char>(text[text.size() - 1 - back])) == back + 1;
}

}  // namespace

WordBuilder::WordBuilder(std::string_view language, int64_t samples)
    : spaced_(std::find(kUnspaced.begin(), kUnspaced.end(), language) == kUnspaced.end()),
      samples_(samples) {}

bool WordBuilder::StartsWord(std::string_view bytes) const {
  if (words_.empty()) return true;
  if (!bytes.empty() && bytes.front() == ' ') return true;
  return !spaced_ && EndsWhole(words_.back().text);
}

void WordBuilder::Add(std::string_view bytes, int64_t sample, float probability) {
  if (StartsWord(bytes)) {
    HeardWord word;
    word.glued = bytes.empty() || bytes.front() != ' ';
    word.from_sample = std::clamp<int64_t>(sample, 0, samples_);
    words_.push_back(std::move(word));
    tokens_ = 0;
  }
  if (!bytes.empty() && bytes.front() == ' ') bytes.remove_prefix(1);
  HeardWord& word = words_.back();
  word.text += bytes;
  word.confidence = (word.confidence * static_cast<float>(tokens_) + probability) /
                    static_cast<float>(tokens_ + 1);
  ++tokens_;
}

std::vector<HeardWord> WordBuilder::Finish() && {
  constexpr int64_t kWordAtLeast = kSampleRateHz * 60 / 1000;
  constexpr int64_t kLetter = kSampleRateHz * 90 / 1000;
  int64_t latest = 0;
  for (size_t i = 0; i < words_.size(); ++i) {
    HeardWord& word = words_[i];
    size_t letters = 0;
    word.text = WholeCharacters(word.text, letters);
    word.from_sample = std::max(word.from_sample, latest);
    latest = word.from_sample;
    const int64_t next = i + 1 < words_.size() ? words_[i + 1].from_sample : samples_;
    const int64_t guess = word.from_sample + kWordAtLeast + kLetter * static_cast<int64_t>(letters);
    word.upto_sample = std::max(word.from_sample, std::min(guess, next));
  }
  std::erase_if(words_, [](const HeardWord& word) { return word.text.empty(); });
  return std::move(words_);
}

}  // namespace parley::whisper
