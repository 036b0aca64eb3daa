// A tokenizer of 261 tokens: the 256 bytes, and five joined ones, " t", "he", " the", "in", "on".
#pragma once

#include <memory>
#include <string>

#include "cosyvoice2/text/tokenizer.h"

namespace parley::cosyvoice2::testing {

std::string SmallVocabulary();  // vocab.json
std::string SmallMerges();      // merges.txt
std::unique_ptr<Tokenizer> SmallTokenizer();

}  // namespace parley::cosyvoice2::testing
