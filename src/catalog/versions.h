// Versions of the libraries that only this room sees.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace parley::catalog {

// {"libcurl", "7.88.1 OpenSSL/3.0.15 …"}, …, as linked now.
std::vector<std::pair<std::string, std::string>> LibraryVersions();

}  // namespace parley::catalog
