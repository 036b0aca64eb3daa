#include "cosyvoice2/testing/golden_data.h"

#include <cstdlib>
#include <string>
#include <vector>

namespace parley::cosyvoice2::testing {

std::filesystem::path SmallGoldens() {
  return std::filesystem::path(PARLEY_SOURCE_DIR) / "tests" / "data" / "cosyvoice2";
}

std::filesystem::path Goldens() {
  std::vector<std::filesystem::path> places;
  if (const char* named = std::getenv("PARLEY_GOLDENS")) places.emplace_back(named);
  const std::filesystem::path checkout(PARLEY_SOURCE_DIR);
  for (auto folder = checkout; folder != folder.root_path(); folder = folder.parent_path()) {
    places.push_back(folder.parent_path() / "shared" / "goldens");
  }
  for (const auto& place : places) {
    if (std::filesystem::is_directory(place / "cosyvoice2")) return place / "cosyvoice2";
  }
  return {};
}

}  // namespace parley::cosyvoice2::testing
