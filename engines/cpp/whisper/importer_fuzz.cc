// What comes from outside when a model is imported: the CTranslate2 file and its vocabulary. The
// first byte chooses: 0 the vocabulary, 1 a file as it is, else a whole small Whisper with bytes
// changed, so that the conversion sees broken models whose file is sound.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <string>

#include "whisper/ct2_reader.h"
#include "whisper/importer.h"
#include "whisper/testing/ct2_builder.h"
#include "whisper/vocabulary.h"

namespace {

class Nowhere final : public std::streambuf {
 protected:
  std::streamsize xsputn(const char*, std::streamsize count) override { return count; }
  int overflow(int c) override { return c; }
};

// Each five bytes: where (u32), what.
std::string Changed(const uint8_t* data, size_t size) {
  static const std::string kWhole = parley::whisper::testing::SmallestWhisper().Bytes();
  std::string bytes = kWhole;
  for (; size >= 5; data += 5, size -= 5) {
    uint32_t where = 0;
    std::memcpy(&where, data, sizeof(where));
    bytes[where % bytes.size()] = static_cast<char>(data[4]);
  }
  return bytes;
}

void Import(const std::string& bytes) {
  static const std::string kVocabulary = parley::whisper::testing::Vocabulary(50256);
  const auto file = parley::whisper::ReadCt2(bytes);
  if (!file) return;
  Nowhere nowhere;
  std::ostream out(&nowhere);
  static_cast<void>(
      parley::whisper::WriteGgml(*file, kVocabulary, parley::whisper::WeightType::kQ8, out)
          .has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string rest(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0]) {
    case 0:
      static_cast<void>(parley::whisper::ReadVocabulary(rest).has_value());
      break;
    case 1:
      Import(rest);
      break;
    default:
      Import(Changed(data + 1, size - 1));
  }
  return 0;
}
