// Any bytes in any portions: the utterances cover them in order, and their texts are valid.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "segment/internal/utf8.h"
#include "segment/segmenter.h"

namespace parley::segment {
namespace {

void CheckUtterance(const Utterance& utterance, std::string_view source, size_t at) {
  PARLEY_CHECK(utterance.source_from == at);
  PARLEY_CHECK(utterance.source_upto > at && utterance.source_upto <= source.size());
  for (size_t i = 0; i < utterance.text.size();) {
    const CodePoint c = DecodeAt(utterance.text, i);
    PARLEY_CHECK(c.valid);
    i += c.bytes;
  }
  for (const SourceSpan& span : utterance.spans) {
    PARLEY_CHECK(utterance.text.compare(span.text_at, span.length,
                                        source.substr(at + span.source_at, span.length)) == 0);
  }
}

}  // namespace
}  // namespace parley::segment

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using parley::segment::Segmenter;
  if (size == 0) return 0;
  const size_t portion = 1 + data[0] % 64;
  const std::string_view source(reinterpret_cast<const char*>(data) + 1, size - 1);
  Segmenter segmenter;
  for (size_t at = 0; at < source.size(); at += portion) {
    segmenter.Feed(source.substr(at, portion));
  }
  segmenter.Finish();
  size_t at = 0;
  while (auto utterance = segmenter.Next()) {
    parley::segment::CheckUtterance(*utterance, source, at);
    at = utterance->source_upto;
  }
  PARLEY_CHECK(at == source.size());
  return 0;
}
