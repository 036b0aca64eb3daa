// Archives for tests, bad ones too.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace parley::catalog::testing {

struct ArchiveEntry {
  std::string name;
  std::string bytes;
  std::string link_to;  // a symbolic link when not empty
};

// By the file's name: .zip or .whl, else a gzipped tar.
void MakeArchive(const std::filesystem::path& path, const std::vector<ArchiveEntry>& entries);

}  // namespace parley::catalog::testing
