// Any bytes as an archive: whatever it says, nothing appears outside the folder it is unpacked
// into.
#include <stdlib.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/check.h"
#include "catalog/archive.h"

namespace fs = std::filesystem;

namespace {

const fs::path& Root() {
  static const fs::path root = [] {
    std::string name = (fs::temp_directory_path() / "parley-fuzz-XXXXXX").string();
    PARLEY_CHECK(::mkdtemp(name.data()) != nullptr);
    return fs::path(name);
  }();
  return root;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fs::path archive = Root() / "in";
  const fs::path folder = Root() / "deep/er/out";
  fs::remove_all(Root() / "deep");
  fs::create_directories(folder);
  std::ofstream(archive, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const parley::catalog::ArchiveLimits limits{.entries_max = 50, .bytes_max = 1 << 20};
  (void)parley::catalog::Unpack(archive, folder, limits).has_value();
  for (const auto& entry : fs::recursive_directory_iterator(Root() / "deep")) {
    PARLEY_CHECK(!entry.is_symlink());
    const std::string inside = fs::relative(entry.path(), Root() / "deep").string();
    PARLEY_CHECK(inside == "er" || inside == "er/out" || inside.starts_with("er/out/"));
  }
  return 0;
}
