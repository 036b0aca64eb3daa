#include "whisper/ct2_reader.h"

#include <fmt/format.h>

#include <cstring>
#include <limits>
#include <optional>

namespace parley::whisper {
namespace {

constexpr uint32_t kVersion = 6;
// The largest Whisper has 1,300 variables; no rank above 3.
constexpr uint32_t kVariablesMax = 20'000;
constexpr uint32_t kAliasesMax = 1'000;
constexpr uint8_t kRankMax = 4;

// A position in the bytes; each Read fails at their end and leaves the position there.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  template <class Integer>
  std::optional<Integer> Read() {
    const auto raw = Take(sizeof(Integer));
    if (!raw) return std::nullopt;
    Integer value;
    std::memcpy(&value, raw->data(), sizeof(value));  // both little endian
    return value;
  }

  std::optional<std::string_view> Take(size_t size) {
    if (size > bytes_.size() - position_) return std::nullopt;
    const auto taken = bytes_.substr(position_, size);
    position_ += size;
    return taken;
  }

  // Without its closing NUL.
  std::optional<std::string_view> String() {
    const auto length = Read<uint16_t>();
    if (!length || *length == 0) return std::nullopt;
    const auto text = Take(*length);
    if (!text || text->find('\0') != text->size() - 1) return std::nullopt;
    return text->substr(0, text->size() - 1);
  }

  size_t position() const { return position_; }
  bool at_end() const { return position_ == bytes_.size(); }

 private:
  std::string_view bytes_;
  size_t position_ = 0;
};

tl::unexpected<Error> Broken(const Cursor& cursor, std::string_view what) {
  return Fail(Code::kDataLoss,
              fmt::format("the CTranslate2 model is damaged at byte {}: {}; fetch it again",
                          cursor.position(), what));
}

Result<Ct2Variable> ReadVariable(Cursor& cursor, std::string_view name) {
  Ct2Variable variable;
  const auto rank = cursor.Read<uint8_t>();
  if (!rank || *rank > kRankMax) {
    return Broken(cursor, fmt::format("'{}' has no rank of 0 to {}", name, kRankMax));
  }
  size_t elements = 1;
  for (int i = 0; i < *rank; ++i) {
    const auto dim = cursor.Read<uint32_t>();
    if (!dim || *dim == 0 || elements > std::numeric_limits<uint32_t>::max() / *dim) {
      return Broken(cursor, fmt::format("'{}' has an impossible shape", name));
    }
    elements *= *dim;
    variable.dims.push_back(*dim);
  }
  const auto type = cursor.Read<uint8_t>();
  if (!type || *type > static_cast<uint8_t>(Ct2Type::kBf16)) {
    return Broken(cursor, fmt::format("'{}' has an unknown element type", name));
  }
  variable.type = static_cast<Ct2Type>(*type);
  const auto size = cursor.Read<uint32_t>();
  if (!size || *size != elements * Ct2ElementBytes(variable.type)) {
    return Broken(cursor, fmt::format("the size of '{}' does not fit its shape", name));
  }
  const auto data = cursor.Take(*size);
  if (!data) return Broken(cursor, fmt::format("the file ends within '{}'", name));
  variable.data = *data;
  return variable;
}

Status ReadVariables(Cursor& cursor, Ct2File& file) {
  const auto count = cursor.Read<uint32_t>();
  if (!count || *count > kVariablesMax) {
    return Broken(cursor, fmt::format("it names no count of at most {} variables", kVariablesMax));
  }
  for (uint32_t i = 0; i < *count; ++i) {
    const auto name = cursor.String();
    if (!name) return Broken(cursor, "a variable has no name");
    PARLEY_TRY(Ct2Variable variable, ReadVariable(cursor, *name));
    if (!file.variables.emplace(*name, std::move(variable)).second) {
      return Broken(cursor, fmt::format("'{}' is there twice", *name));
    }
  }
  return {};
}

Status ReadAliases(Cursor& cursor, Ct2File& file) {
  const auto count = cursor.Read<uint32_t>();
  if (!count || *count > kAliasesMax) {
    return Broken(cursor, fmt::format("it names no count of at most {} aliases", kAliasesMax));
  }
  for (uint32_t i = 0; i < *count; ++i) {
    const auto alias = cursor.String();
    if (!alias) return Broken(cursor, "an alias has no name");
    const auto target = cursor.String();
    if (!target || !file.variables.contains(*target)) {
      return Broken(cursor, fmt::format("the alias '{}' leads nowhere", *alias));
    }
    file.aliases.emplace(*alias, *target);
  }
  return {};
}

}  // namespace

size_t Ct2ElementBytes(Ct2Type type) {
  switch (type) {
    case Ct2Type::kF32:
    case Ct2Type::kI32:
      return 4;
    case Ct2Type::kI16:
    case Ct2Type::kF16:
    case Ct2Type::kBf16:
      return 2;
    case Ct2Type::kI8:
      return 1;
  }
  return 0;
}

std::string_view Ct2TypeName(Ct2Type type) {
  constexpr std::string_view kNames[] = {"f32", "i8", "i16", "i32", "f16", "bf16"};
  return kNames[static_cast<size_t>(type)];
}

size_t Ct2Variable::ElementCount() const { return data.size() / Ct2ElementBytes(type); }

Result<Ct2File> ReadCt2(std::string_view bytes) {
  Cursor cursor(bytes);
  const auto version = cursor.Read<uint32_t>();
  if (!version) return Broken(cursor, "it is empty");
  if (*version != kVersion) {
    return Fail(Code::kUnimplemented,
                fmt::format("the file says CTranslate2 model version {}, and only {} is known; is "
                            "it a model.bin of CTranslate2 at all?",
                            *version, kVersion));
  }
  Ct2File file;
  const auto spec = cursor.String();
  const auto revision = cursor.Read<uint32_t>();
  if (!spec || !revision) return Broken(cursor, "it names no kind of model");
  file.spec = *spec;
  file.revision = *revision;
  PARLEY_TRY_STATUS(ReadVariables(cursor, file));
  PARLEY_TRY_STATUS(ReadAliases(cursor, file));
  if (!cursor.at_end()) return Broken(cursor, "more follows where it should end");
  return file;
}

}  // namespace parley::whisper
