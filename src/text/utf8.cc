#include "text/utf8.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <limits>

#include "base/check.h"

namespace parley::text {
namespace {

constexpr UChar32 kLowestComposed = 0x300;  // under it every character is its own NFC
constexpr UChar32 kZeroWidthNonJoiner = 0x200c;
constexpr UChar32 kZeroWidthJoiner = 0x200d;

bool IsDropped(UChar32 c) {
  if (c == kZeroWidthNonJoiner || c == kZeroWidthJoiner) return false;
  switch (u_charType(c)) {
    case U_CONTROL_CHAR:
    case U_FORMAT_CHAR:
    case U_PRIVATE_USE_CHAR:
    case U_SURROGATE:
    case U_UNASSIGNED:
      return true;
    default:
      return false;
  }
}

bool IsSpaceControl(UChar32 c) {
  return c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f' || c == 0x85 ||
         u_charType(c) == U_LINE_SEPARATOR || u_charType(c) == U_PARAGRAPH_SEPARATOR;
}

// Collects characters between two places where composition cannot reach across.
class Composer {
 public:
  explicit Composer(Cleaned& out) : out_(out) {
    UErrorCode error = U_ZERO_ERROR;
    nfc_ = icu::Normalizer2::getNFCInstance(error);
    PARLEY_CHECK(U_SUCCESS(error));
  }

  void Add(UChar32 c, std::string_view bytes) {
    if (nfc_->hasBoundaryBefore(c)) Flush();
    pending_.append(c);
    pending_bytes_ += bytes;
    plain_ = plain_ && c < kLowestComposed;
  }

  void Flush() {
    if (pending_bytes_.empty()) return;
    UErrorCode error = U_ZERO_ERROR;
    if (plain_ || nfc_->isNormalized(pending_, error)) {
      out_.text += pending_bytes_;
      out_.spans.AddCopy(pending_bytes_.size());
    } else {
      const size_t before = out_.text.size();
      nfc_->normalize(pending_, error).toUTF8String(out_.text);
      out_.spans.AddReplacement(out_.text.size() - before, pending_bytes_.size());
    }
    pending_.remove();
    pending_bytes_.clear();
    plain_ = true;
  }

 private:
  Cleaned& out_;
  const icu::Normalizer2* nfc_ = nullptr;
  icu::UnicodeString pending_;
  std::string pending_bytes_;
  bool plain_ = true;
};

}  // namespace

bool IsValidUtf8(std::string_view text) {
  PARLEY_CHECK(text.size() <= static_cast<size_t>(std::numeric_limits<int32_t>::max()));
  const auto length = static_cast<int32_t>(text.size());
  for (int32_t at = 0; at < length;) {
    UChar32 c = 0;
    U8_NEXT(text.data(), at, length, c);
    if (c < 0) return false;
  }
  return true;
}

Cleaned Clean(std::string_view bytes) {
  PARLEY_CHECK(bytes.size() <= static_cast<size_t>(std::numeric_limits<int32_t>::max()));
  Cleaned out;
  out.text.reserve(bytes.size());
  Composer composer(out);
  const auto length = static_cast<int32_t>(bytes.size());
  for (int32_t at = 0; at < length;) {
    const int32_t from = at;
    UChar32 c = 0;
    U8_NEXT(bytes.data(), at, length, c);
    const auto source = bytes.substr(static_cast<size_t>(from), static_cast<size_t>(at - from));
    if (c >= 0 && !IsSpaceControl(c) && !IsDropped(c)) {
      composer.Add(c, source);
      continue;
    }
    composer.Flush();
    const bool space = c >= 0 && IsSpaceControl(c);
    if (space) out.text += ' ';
    out.spans.AddReplacement(space ? 1 : 0, source.size());
  }
  composer.Flush();
  return out;
}

}  // namespace parley::text
