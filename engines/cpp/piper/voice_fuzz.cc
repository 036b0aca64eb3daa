// A voice comes from anywhere: any bytes as its model are cut or refused with a reason, any bytes
// as its description are read or refused, any text is divided and marked within its bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "piper/engine.h"
#include "piper/onnx_graph.h"
#include "piper/onnx_split.h"
#include "piper/utf8.h"
#include "piper/voice.h"
#include "piper/words.h"

namespace {

void TryModel(std::string_view bytes) {
  const auto parts = parley::piper::SplitVoice(bytes);
  if (!parts) {
    if (parts.error().message.empty()) std::abort();
    return;
  }
  // What was cut is again a model to our reader.
  for (const auto* part : {&parts->encoder, &parts->flow, &parts->decoder}) {
    if (!parley::piper::ParseOnnx(*part)) std::abort();
  }
}

void TryText(std::string_view text) {
  using namespace parley::piper;
  const std::string printable = Printable(text);
  if (printable.size() != text.size()) std::abort();
  size_t before = 0;
  std::vector<Reading> readings;
  for (const Token& token : Tokenize(printable, 0, printable.size())) {
    if (token.begin < before || token.end <= token.begin || token.end > text.size()) std::abort();
    before = token.end;
    const std::string_view word(printable.data() + token.begin, token.end - token.begin);
    readings.push_back({CodePoints(word), token.has_letters});
  }
  const std::u32string phonemes = CodePoints(printable);
  size_t end = 0;
  for (const size_t next : AlignWords(readings, phonemes)) {
    if (next < end || next > phonemes.size()) std::abort();
    end = next;
  }
  for (size_t at = 0; at < text.size();) {
    const size_t next = NextBlock(text, at);
    if (next <= at || next > text.size()) std::abort();
    at = next;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 1 << 16) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 0) TryModel(bytes);
  if (data[0] % 3 == 1) (void)parley::piper::ParseVoice(bytes).has_value();
  if (data[0] % 3 == 2 && size < 8192) TryText(bytes);
  return 0;
}
