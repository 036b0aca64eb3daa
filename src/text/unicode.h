// Characters one by one: UTF-8 to code points and back, composition, and the classes by which text
// is cut into tokens. Unicode as of the ICU this is built with. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace parley::text {

// Each byte that is no UTF-8 becomes U+FFFD.
std::u32string DecodeUtf8(std::string_view bytes);

// Code points that are none (surrogates, beyond U+10FFFF) become U+FFFD.
std::string EncodeUtf8(std::u32string_view text);
void AppendUtf8(char32_t c, std::string& out);

// Composed (NFC).
std::u32string ComposeNfc(std::u32string_view text);

bool IsLetter(char32_t c);               // general category L
bool IsNumber(char32_t c);               // N
bool IsPunctuationOrSymbol(char32_t c);  // P or S
bool IsWhiteSpace(char32_t c);           // property White_Space
// The value of a decimal figure in any script, or of a superscript or circled one: Numeric_Type
// Decimal or Digit. −1 for any other character.
int DigitValue(char32_t c);
bool IsDecimalDigit(char32_t c);  // general category Nd

}  // namespace parley::text
