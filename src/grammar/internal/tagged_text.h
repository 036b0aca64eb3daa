// What a tagger writes and a verbalizer reads:
//
//   w { v: "It" } money { currency_maj: "$" integer_part: "5" } p { v: "." }
//
// Tokens of a name and members; a value has '\' before '"' and '\'. The order of members is that
// of the text, and the verbalizer wants them in the order in which they are said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/language.h"

namespace parley::grammar::internal {

struct OrderedText {
  std::string text;
  // Of each token: where it begins in the tagged text, and in `text`.
  std::vector<uint32_t> tagged_at;
  std::vector<uint32_t> text_at;
};

// Nothing for text that is not of this form. The orders are WeTextProcessing's
// (tn/token_parser.py). Pure.
std::optional<OrderedText> OrderMembers(std::string_view tagged, Language language);

}  // namespace parley::grammar::internal
