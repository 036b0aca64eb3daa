// Environment files: NAME=value a line, as `docker run --env-file` and Compose have them, with
// comments at the line's beginning or after " #", values in quotes, and an "export " before the
// name. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::config::internal {

struct EnvLine {
  int number = 0;  // from 1
  std::string name;
  std::string value;
  std::string problem;  // why it cannot be read; else empty
};

// The lines that say something.
std::vector<EnvLine> ParseEnvFile(std::string_view text);

}  // namespace parley::config::internal
