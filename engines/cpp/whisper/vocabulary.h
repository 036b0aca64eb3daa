// The tokens of a Whisper model as raw bytes, out of the `vocabulary.txt` of a CTranslate2 folder:
// a token a line, its line number the token's id, in the byte alphabet of GPT-2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::whisper {

// The tokens before `<|endoftext|>`; whisper.cpp names the special ones itself. A token may be
// empty and may hold a part of a UTF-8 sequence. kDataLoss if there is no such line, a line holds
// what is not of that alphabet, or there are more than 100,000.
Result<std::vector<std::string>> ReadVocabulary(std::string_view text);

}  // namespace parley::whisper
