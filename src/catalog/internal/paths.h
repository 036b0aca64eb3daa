// Names from outside that become paths here.
#pragma once

#include <filesystem>
#include <string_view>

namespace parley::catalog::internal {

// "a/b/c": no empty, "." or ".." part, not absolute, no backslash, control byte or NUL.
bool IsSafeRelativePath(std::string_view path);

// "~/x" in the home directory; anything else as it is.
std::filesystem::path ExpandHome(std::string_view path);

}  // namespace parley::catalog::internal
