#include "whisper/agreement.h"

#include <algorithm>
#include <utility>

#include "whisper/hearing_policy.h"

namespace parley::whisper {
namespace {

bool SameWord(const HeardWord& a, const HeardWord& b) {
  return Normalized(a.text) == Normalized(b.text);
}

// Where the words that follow the stable ones begin: after the same words if they are there again,
// else after the time at which the last stable word ended, by the middle of each word.
size_t TailStart(const std::vector<HeardWord>& stable, const std::vector<HeardWord>& words) {
  if (words.size() >= stable.size() &&
      std::equal(stable.begin(), stable.end(), words.begin(), SameWord)) {
    return stable.size();
  }
  const int64_t end = stable.back().upto_sample;
  const auto first = std::find_if(words.begin(), words.end(), [end](const HeardWord& word) {
    return (word.from_sample + word.upto_sample) / 2 >= end;
  });
  return static_cast<size_t>(first - words.begin());
}

}  // namespace

std::vector<HeardWord> Agreement::Update(std::vector<HeardWord> words) {
  if (!stable_.empty()) {
    words.erase(words.begin(),
                words.begin() + static_cast<std::ptrdiff_t>(TailStart(stable_, words)));
  }
  const auto [ours, theirs] =
      std::mismatch(tail_.begin(), tail_.end(), words.begin(), words.end(), SameWord);
  stable_.insert(stable_.end(), words.begin(), theirs);
  words.erase(words.begin(), theirs);
  tail_ = std::move(words);
  std::vector<HeardWord> shown = stable_;
  shown.insert(shown.end(), tail_.begin(), tail_.end());
  return shown;
}

}  // namespace parley::whisper
