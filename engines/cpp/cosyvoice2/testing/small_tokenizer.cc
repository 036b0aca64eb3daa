#include "cosyvoice2/testing/small_tokenizer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cosyvoice2/text/byte_characters.h"

namespace parley::cosyvoice2::testing {

std::string SmallVocabulary() {
  nlohmann::json vocabulary = nlohmann::json::object();
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary[ByteCharacter(static_cast<uint8_t>(byte))] = byte;
  }
  int id = 256;
  for (const char* joined : {" t", "he", " the", "in", "on"}) {
    vocabulary[ShowBytes(joined)] = id++;
  }
  return vocabulary.dump();
}

std::string SmallMerges() {
  const std::string space = ShowBytes(" ");
  return space + " t\nh e\n" + space + "t he\ni n\no n\n";
}

std::unique_ptr<Tokenizer> SmallTokenizer() {
  auto tokenizer = Tokenizer::Create(SmallVocabulary(), SmallMerges());
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return std::move(*tokenizer);
}

}  // namespace parley::cosyvoice2::testing
