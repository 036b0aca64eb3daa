// What comes from outside as text to be spoken, through the tokenizer and the front end. Tokens lie
// within the vocabulary, and segments neither get lost nor hold more than was there.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cosyvoice2/text/byte_characters.h"
#include "cosyvoice2/text/text_frontend.h"
#include "cosyvoice2/text/tokenizer.h"

namespace {

using parley::cosyvoice2::ByteCharacter;
using parley::cosyvoice2::TextFrontend;
using parley::cosyvoice2::TextMode;
using parley::cosyvoice2::Tokenizer;

// The bytes, and two joined pairs. JSON needs two of the characters escaped.
std::unique_ptr<Tokenizer> MakeTokenizer() {
  std::string vocabulary = "{";
  for (int byte = 0; byte < 256; ++byte) {
    const std::string& shown = ByteCharacter(static_cast<uint8_t>(byte));
    const bool escaped = shown == "\"" || shown == "\\";
    vocabulary += "\"" + (escaped ? "\\" + shown : shown) + "\":" + std::to_string(byte) + ",";
  }
  vocabulary += "\"th\":256,\"the\":257}";
  auto tokenizer = Tokenizer::Create(vocabulary, "t h\nth e\n");
  if (!tokenizer) std::abort();
  return std::move(*tokenizer);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::unique_ptr<Tokenizer> tokenizer = MakeTokenizer();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const int32_t id : tokenizer->Encode(text)) {
    if (id < 0 || id >= tokenizer->token_count()) std::abort();
  }
  const TextFrontend frontend(*tokenizer);
  for (const std::string& segment : frontend.Segments(text, TextMode::kNormalize)) {
    if (segment.empty() && !text.empty()) std::abort();
  }
  static_cast<void>(frontend.Normalize(text, TextMode::kNormalize));
  return 0;
}
