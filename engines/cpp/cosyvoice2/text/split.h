// Cuts text into what is spoken at once, as the official front end does: at punctuation, then
// joined again up to a length. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cosyvoice2/text/tokenizer.h"

namespace parley::cosyvoice2 {

// By which length is counted and what cuts: characters and Chinese marks, or tokens and ASCII
// marks.
enum class TextKind { kChinese, kOther };

struct SplitLimits {
  size_t token_max_n = 80;  // a segment that would be longer ends,
  size_t token_min_n = 60;  // if it is longer than this
  size_t merge_len = 20;    // a last segment shorter than this joins the one before
};

// The segments, in order; nothing of the text is lost but marks with nothing before them.
std::vector<std::string> SplitText(std::string_view text, TextKind kind, const Tokenizer& tokenizer,
                                   const SplitLimits& limits);

}  // namespace parley::cosyvoice2
