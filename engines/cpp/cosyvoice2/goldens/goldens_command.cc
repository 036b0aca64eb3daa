#include "cosyvoice2/goldens/goldens_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "cosyvoice2/goldens/registry.h"

namespace parley::cosyvoice2 {

int RunGoldensCommand(std::span<const std::string_view> arguments) {
  std::filesystem::path root;
  bool json = false;
  bool eight_bits = false;
  for (const std::string_view argument : arguments) {
    if (argument == "--json") {
      json = true;
    } else if (argument == "--weights=q8_0" || argument == "--weights=f32") {
      eight_bits = argument.ends_with("q8_0");
    } else if (root.empty() && !argument.starts_with("-")) {
      root = argument;
    } else {
      root.clear();
      break;
    }
  }
  if (root.empty()) {
    fmt::print(stderr,
               "usage: parley-engine-cosyvoice2 goldens DIR [--weights=f32|q8_0] [--json]\n");
    return 2;
  }
  std::vector<goldens::Set> sets = goldens::FrontSets();
  const std::vector<goldens::Set> models = goldens::ModelSets();
  sets.insert(sets.end(), models.begin(), models.end());
  const auto results = goldens::RunSets(root, sets, eight_bits);
  if (!results) {
    fmt::print(stderr, "parley-engine-cosyvoice2: {}\n", results.error().message);
    return 1;
  }
  fmt::print("{}", json ? goldens::ToJson(*results) : goldens::ToText(*results));
  const goldens::Tally tally = goldens::Count(*results);
  return tally.failed == 0 && tally.passed > 0 ? 0 : 1;
}

}  // namespace parley::cosyvoice2
