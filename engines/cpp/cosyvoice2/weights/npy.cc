#include "cosyvoice2/weights/npy.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <functional>
#include <numeric>

#include "base/file.h"

namespace parley::cosyvoice2 {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kFileBytesMax = size_t{1} << 30;
constexpr size_t kRankMax = 8;

tl::unexpected<Error> Broken(std::string_view what) {
  return Fail(Code::kDataLoss, fmt::format("not a whole NumPy array: {}", what));
}

// The value behind "'key':" in the header, a Python literal; empty if there is none.
std::string_view ValueOf(std::string_view header, std::string_view key) {
  const size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) return {};
  std::string_view rest = header.substr(at + key.size() + 3);
  const size_t from = rest.find_first_not_of(' ');
  if (from == std::string_view::npos) return {};
  rest = rest.substr(from);
  const char close = rest.front() == '(' ? ')' : ',';
  const size_t end = rest.find(close);
  return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

// "(3, 4" → {3, 4}.
Result<std::vector<int64_t>> ReadShape(std::string_view text, size_t elements_max) {
  if (text.empty() || text.front() != '(') return Broken("its header has no shape");
  text.remove_prefix(1);
  std::vector<int64_t> shape;
  size_t elements = 1;
  while (true) {
    const size_t from = text.find_first_not_of(" ,");
    if (from == std::string_view::npos) return shape;
    text.remove_prefix(from);
    int64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc() || length < 0 || shape.size() == kRankMax) {
      return Broken("its header has an impossible shape");
    }
    if (length != 0 && elements > elements_max / static_cast<size_t>(length)) {
      return Broken("it ends before its shape is filled");
    }
    elements *= static_cast<size_t>(length);
    shape.push_back(length);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
  }
}

struct Parts {
  std::string_view header;
  std::string_view data;
};

Result<Parts> Divide(std::string_view bytes) {
  if (!bytes.starts_with(kMagic) || bytes.size() < 10) return Broken("it does not begin like one");
  const auto version = static_cast<unsigned char>(bytes[6]);
  if (version < 1 || version > 3) return Broken(fmt::format("it says version {}", version));
  const size_t length_bytes = version == 1 ? 2 : 4;
  const size_t head = 8 + length_bytes;
  if (bytes.size() < head) return Broken("its header is cut");
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i) {
    length |= static_cast<size_t>(static_cast<unsigned char>(bytes[8 + i])) << (8 * i);
  }
  if (length > bytes.size() - head) return Broken("its header is cut");
  return Parts{bytes.substr(head, length), bytes.substr(head + length)};
}

template <class Element>
Result<std::vector<Element>> Take(std::string_view data, size_t elements) {
  if (data.size() != elements * sizeof(Element)) {
    return Broken(fmt::format("{} bytes where {} belong", data.size(), elements * sizeof(Element)));
  }
  std::vector<Element> values(elements);
  if (elements > 0) std::memcpy(values.data(), data.data(), data.size());  // both little endian
  return values;
}

}  // namespace

int64_t NpyArray::element_count() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

Result<NpyArray> ParseNpy(std::string_view bytes) {
  PARLEY_TRY(const Parts parts, Divide(bytes));
  if (ValueOf(parts.header, "fortran_order") != "False") {
    return Fail(Code::kUnimplemented,
                "the NumPy array is in column-major order; save it in C order");
  }
  NpyArray array;
  PARLEY_TRY(array.shape, ReadShape(ValueOf(parts.header, "shape"), parts.data.size()));
  const auto elements = static_cast<size_t>(array.element_count());
  const std::string_view type = ValueOf(parts.header, "descr");
  if (type == "'<f4'") {
    PARLEY_TRY(array.floats, Take<float>(parts.data, elements));
  } else if (type == "'<f8'") {
    PARLEY_TRY(array.doubles, Take<double>(parts.data, elements));
  } else if (type == "'<i4'") {
    PARLEY_TRY(array.ints, Take<int32_t>(parts.data, elements));
  } else {
    return Fail(Code::kUnimplemented,
                fmt::format("the NumPy array has elements of type {}; known are '<f4', '<f8' and "
                            "'<i4'",
                            type));
  }
  return array;
}

Result<NpyArray> ReadNpy(const std::filesystem::path& path) {
  PARLEY_TRY(const std::string bytes, ReadFile(path, kFileBytesMax));
  auto array = ParseNpy(bytes);
  if (!array) {
    return Fail(array.error().code, fmt::format("'{}': {}", path.string(), array.error().message));
  }
  return array;
}

}  // namespace parley::cosyvoice2
