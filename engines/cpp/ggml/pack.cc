#include "ggml/pack.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <optional>
#include <string>
#include <system_error>

#include "base/file.h"

namespace parley::ggml {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTomlBytesMax = 64 << 10;

// The name that model.toml gives; nothing if there is no such file or no such key.
Result<std::optional<std::string>> NamedFile(const fs::path& pack) {
  auto text = ReadFile(pack / "model.toml", kTomlBytesMax);
  if (!text) {
    if (text.error().code == Code::kNotFound) return std::optional<std::string>();
    return Fail(text.error());
  }
  try {
    const toml::table table = toml::parse(*text);
    return table["files"]["model"].value<std::string>();
  } catch (const toml::parse_error& error) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{}, line {}: {}", (pack / "model.toml").string(),
                            error.source().begin.line, error.description()));
  }
}

bool StaysInside(const fs::path& name) {
  if (name.empty() || name.is_absolute()) return false;
  for (const fs::path& part : name) {
    if (part == "..") return false;
  }
  return true;
}

}  // namespace

Result<fs::path> FindModelFile(const fs::path& pack, std::string_view extension) {
  std::error_code error;
  if (fs::is_regular_file(pack, error) && pack.extension() == extension) return pack;
  if (!fs::is_directory(pack, error)) {
    return Fail(Code::kNotFound,
                fmt::format("there is no model pack at {}; `parley models pull` fetches them",
                            pack.string()));
  }
  PARLEY_TRY(const std::optional<std::string> named, NamedFile(pack));
  if (named) {
    if (!StaysInside(*named)) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("{}: [files] model = '{}' does not lie in the pack",
                              (pack / "model.toml").string(), *named));
    }
    if (fs::is_regular_file(pack / *named, error)) return pack / *named;
    return Fail(Code::kNotFound, fmt::format("{} is missing; `parley models verify` says what else",
                                             (pack / *named).string()));
  }
  std::optional<fs::path> found;
  for (const auto& entry : fs::directory_iterator(pack, error)) {
    if (entry.path().extension() != extension) continue;
    if (found) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("{} holds several {} files; name one as [files] model in model.toml",
                              pack.string(), extension));
    }
    found = entry.path();
  }
  if (!found) {
    return Fail(Code::kNotFound, fmt::format("{} holds no {} file; `parley models pull` fetches it",
                                             pack.string(), extension));
  }
  return *found;
}

}  // namespace parley::ggml
