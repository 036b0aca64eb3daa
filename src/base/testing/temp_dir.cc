#include "base/testing/temp_dir.h"

#include <stdlib.h>

#include <string>

#include "base/check.h"

namespace parley::testing {

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "parley-test-XXXXXX").string();
  PARLEY_CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace parley::testing
