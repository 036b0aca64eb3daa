#include "text/unicode.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <cstdint>

#include "base/check.h"

namespace parley::text {
namespace {

constexpr char32_t kReplacement = 0xfffd;
constexpr char32_t kLastCodePoint = 0x10ffff;

UChar32 Point(char32_t c) {
  return c <= kLastCodePoint ? static_cast<UChar32>(c) : static_cast<UChar32>(kReplacement);
}

bool IsSurrogate(char32_t c) { return c >= 0xd800 && c <= 0xdfff; }

}  // namespace

std::u32string DecodeUtf8(std::string_view bytes) {
  std::u32string text;
  text.reserve(bytes.size());
  const auto size = static_cast<int64_t>(bytes.size());
  for (int64_t at = 0; at < size;) {
    const int64_t begin = at;
    UChar32 c = 0;
    U8_NEXT(bytes.data(), at, size, c);
    if (c >= 0) {
      text.push_back(static_cast<char32_t>(c));
    } else {
      text.append(static_cast<size_t>(at - begin), kReplacement);
    }
  }
  return text;
}

void AppendUtf8(char32_t c, std::string& out) {
  if (c > kLastCodePoint || IsSurrogate(c)) c = kReplacement;
  char bytes[U8_MAX_LENGTH];
  int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, c);
  out.append(bytes, static_cast<size_t>(size));
}

std::string EncodeUtf8(std::u32string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (const char32_t c : text) AppendUtf8(c, bytes);
  return bytes;
}

std::u32string ComposeNfc(std::u32string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(error);
  PARLEY_CHECK(U_SUCCESS(error));
  icu::UnicodeString utf16;
  for (const char32_t c : text) utf16.append(Point(c));
  const icu::UnicodeString composed = nfc->normalize(utf16, error);
  PARLEY_CHECK(U_SUCCESS(error));
  std::u32string out;
  for (int32_t at = 0; at < composed.length(); at = composed.moveIndex32(at, 1)) {
    out.push_back(static_cast<char32_t>(composed.char32At(at)));
  }
  return out;
}

bool IsLetter(char32_t c) { return (U_GET_GC_MASK(Point(c)) & U_GC_L_MASK) != 0; }

bool IsNumber(char32_t c) { return (U_GET_GC_MASK(Point(c)) & U_GC_N_MASK) != 0; }

bool IsPunctuationOrSymbol(char32_t c) {
  return (U_GET_GC_MASK(Point(c)) & (U_GC_P_MASK | U_GC_S_MASK)) != 0;
}

bool IsWhiteSpace(char32_t c) { return u_isUWhiteSpace(Point(c)) != 0; }

int DigitValue(char32_t c) {
  const int32_t type = u_getIntPropertyValue(Point(c), UCHAR_NUMERIC_TYPE);
  if (type != U_NT_DECIMAL && type != U_NT_DIGIT) return -1;
  return static_cast<int>(u_getNumericValue(Point(c)));
}

bool IsDecimalDigit(char32_t c) { return u_charType(Point(c)) == U_DECIMAL_DIGIT_NUMBER; }

}  // namespace parley::text
