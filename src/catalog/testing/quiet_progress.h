// Progress that only remembers the lines said.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/progress.h"

namespace parley::catalog::testing {

class QuietProgress final : public Progress {
 public:
  void Begin(std::string_view, uint64_t) override {}
  void Advance(uint64_t) override {}
  void End() override {}
  void Say(std::string_view line) override { lines.emplace_back(line); }

  std::vector<std::string> lines;
};

}  // namespace parley::catalog::testing
