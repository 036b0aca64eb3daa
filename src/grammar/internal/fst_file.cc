#include "grammar/internal/fst_file.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "grammar/internal/lookahead.h"

namespace parley::grammar::internal {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr int32_t kMagic = 2125659606;
constexpr int32_t kVersion = 2;  // of type "vector"; older ones have other fields
constexpr size_t kNameBytesMax = 64;
constexpr int64_t kStateBytes = sizeof(float) + sizeof(int64_t);
constexpr int64_t kArcBytes = 16;
constexpr int32_t kByteMax = 255;

class Reader {
 public:
  Reader(std::string_view bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  template <class Number>
  Number Take() {
    Number number{};
    if (bytes_.size() - at_ < sizeof(number)) {
      short_ = true;
      at_ = bytes_.size();
      return number;
    }
    std::memcpy(&number, bytes_.data() + at_, sizeof(number));
    at_ += sizeof(number);
    return number;
  }

  std::string_view TakeName() {
    const auto size = Take<int32_t>();
    if (size < 0 || static_cast<size_t>(size) > std::min(kNameBytesMax, bytes_.size() - at_)) {
      short_ = true;
      return "";
    }
    at_ += static_cast<size_t>(size);
    return bytes_.substr(at_ - static_cast<size_t>(size), static_cast<size_t>(size));
  }

  int64_t left() const { return static_cast<int64_t>(bytes_.size() - at_); }
  bool is_short() const { return short_; }

  tl::unexpected<Error> Bad(const std::string& why) const {
    return Fail(Code::kDataLoss,
                fmt::format("the grammar {} is no sound FST: {} (byte {} of {}); fetch it again "
                            "with 'parley models pull'",
                            name_, why, at_, bytes_.size()));
  }

 private:
  const std::string_view bytes_;
  const std::string_view name_;
  size_t at_ = 0;
  bool short_ = false;
};

struct Header {
  int64_t start = 0;
  int64_t states = 0;
};

Result<Header> ReadHeader(Reader& reader) {
  if (reader.Take<int32_t>() != kMagic) return reader.Bad("it does not begin like one");
  const std::string_view type = reader.TakeName();
  const std::string_view arcs = reader.TakeName();
  const auto version = reader.Take<int32_t>();
  const auto flags = reader.Take<int32_t>();
  reader.Take<uint64_t>();  // properties: found anew
  Header header;
  header.start = reader.Take<int64_t>();
  header.states = reader.Take<int64_t>();
  reader.Take<int64_t>();  // arcs, which not every writer counts
  if (reader.is_short()) return reader.Bad("it ends in its header");
  if (type != "vector" || arcs != "standard" || version != kVersion) {
    return reader.Bad(fmt::format("type '{}', arcs '{}', version {}; must be vector, standard, {}",
                                  type, arcs, version, kVersion));
  }
  if (flags != 0) return reader.Bad("it has tables of symbols; labels must be bytes");
  if (header.states < 1 || header.states > reader.left() / kStateBytes) {
    return reader.Bad(fmt::format("it claims {} states", header.states));
  }
  if (header.start < 0 || header.start >= header.states) {
    return reader.Bad(fmt::format("its start is state {} of {}", header.start, header.states));
  }
  return header;
}

Result<FstArc> ReadArc(Reader& reader, int64_t states) {
  const auto in = reader.Take<int32_t>();
  const auto out = reader.Take<int32_t>();
  const auto weight = reader.Take<float>();
  const auto next = reader.Take<int32_t>();
  if (in < 0 || in > kByteMax || out < 0 || out > kByteMax) {
    return reader.Bad(fmt::format("an arc's labels are {} and {}; must be bytes", in, out));
  }
  if (!std::isfinite(weight)) return reader.Bad("an arc's weight is not finite");
  if (next < 0 || next >= states) {
    return reader.Bad(fmt::format("an arc leads to state {} of {}", next, states));
  }
  return FstArc{static_cast<uint8_t>(in), static_cast<uint8_t>(out), weight,
                static_cast<uint32_t>(next)};
}

Status ReadState(Reader& reader, int64_t states, FstData& fst) {
  const auto weight = reader.Take<float>();
  const auto arcs = reader.Take<int64_t>();
  if (reader.is_short()) return reader.Bad("it ends before its last state");
  // No way to end here is written as an infinite weight.
  const bool final = !(std::isinf(weight) && weight > 0);
  if (final && !std::isfinite(weight)) return reader.Bad("a final weight is not finite");
  if (arcs < 0 || arcs > reader.left() / kArcBytes) {
    return reader.Bad(fmt::format("a state claims {} arcs", arcs));
  }
  for (int64_t i = 0; i < arcs; ++i) {
    PARLEY_TRY(const FstArc arc, ReadArc(reader, states));
    fst.arcs.push_back(arc);
  }
  fst.states.push_back({final, final ? weight : 0, static_cast<uint32_t>(fst.arcs.size())});
  return {};
}

}  // namespace

Result<FstData> ParseFst(std::string_view bytes, std::string_view name) {
  Reader reader(bytes, name);
  if (bytes.size() > kFstBytesMax) {
    return reader.Bad(fmt::format("it is larger than {} bytes", kFstBytesMax));
  }
  PARLEY_TRY(const Header header, ReadHeader(reader));
  FstData fst;
  fst.start = static_cast<uint32_t>(header.start);
  fst.states.reserve(static_cast<size_t>(header.states));
  for (int64_t state = 0; state < header.states; ++state) {
    PARLEY_TRY_STATUS(ReadState(reader, header.states, fst));
  }
  if (reader.left() != 0) return reader.Bad("something follows its last state");
  if (!AddLookahead(fst)) {
    return reader.Bad("it can walk in a circle without reading, so a search might not end");
  }
  return fst;
}

}  // namespace parley::grammar::internal
