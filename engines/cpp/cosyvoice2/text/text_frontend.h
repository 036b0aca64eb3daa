// Text as the official front end of CosyVoice 2 hands it to the model, without its optional
// normalizers (ttsfrd, wetext): marks and numbers made plain, then cut into segments of which each
// is an utterance. Immutable, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cosyvoice2/text/tokenizer.h"

namespace parley::cosyvoice2 {

enum class TextMode {
  kNormalize,  // what follows
  kOff,        // the text as it is: the official advice for reproducing their examples
};

class TextFrontend {
 public:
  // `tokenizer` must outlive this.
  explicit TextFrontend(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  // Text with "<|" and "|>" holds control tokens and counts as kOff. Any bytes.
  std::string Normalize(std::string_view text, TextMode mode) const;

  // Normalized and cut. A segment of nothing but punctuation and symbols is left out, so there may
  // be none.
  std::vector<std::string> Segments(std::string_view text, TextMode mode) const;

 private:
  const Tokenizer& tokenizer_;
};

}  // namespace parley::cosyvoice2
