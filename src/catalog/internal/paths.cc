#include "catalog/internal/paths.h"

#include <algorithm>
#include <cstdlib>

namespace parley::catalog::internal {

bool IsSafeRelativePath(std::string_view path) {
  constexpr size_t kPathBytesMax = 1024;
  if (path.empty() || path.size() > kPathBytesMax) return false;
  const auto is_bad = [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '\\'; };
  if (std::any_of(path.begin(), path.end(), is_bad)) return false;
  for (;;) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

std::filesystem::path ExpandHome(std::string_view path) {
  const char* home = std::getenv("HOME");
  if (!path.starts_with("~/") || home == nullptr) return path;
  return std::filesystem::path(home) / path.substr(2);
}

}  // namespace parley::catalog::internal
