// What a language model or a client wrote: any bytes must give valid text whose map covers them.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "text/normalizer.h"
#include "text/utf8.h"
#include "text/words.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using parley::text::Normalizer;
  static Normalizer* const english = std::move(Normalizer::Create("en").value()).release();
  static Normalizer* const german = std::move(Normalizer::Create("de").value()).release();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size > 4096) return 0;
  for (Normalizer* const normalizer : {english, german}) {
    const auto made = normalizer->Normalize(bytes);
    if (!made || !parley::text::IsValidUtf8(made->text)) std::abort();
    if (made->spans.text_bytes() != made->text.size()) std::abort();
    if (made->spans.source_bytes() != size) std::abort();
  }
  parley::text::ComparableWords(bytes);
  return 0;
}
