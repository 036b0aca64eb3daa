// The scalars and lists of a hyperpyyaml file by their path, "llm.sampling.top_p". Tags that make
// Python objects (!new:, !name:, !apply:) are passed over, and nothing is made; of tags only !ref
// is known, as "<name>" or a product of such. Aliases are not followed. The text is foreign: it is
// bounded in bytes, depth and entries. libyaml parses. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::cosyvoice2 {

struct YamlValue {
  std::vector<std::string> items;  // of a scalar one; of a list all, also of lists within
  bool list = false;
  size_t line = 0;  // from 1
};

using YamlValues = std::map<std::string, YamlValue, std::less<>>;

// kDataLoss with the line: no YAML, deeper than 32, more than 10,000 entries; kOutOfRange: more
// than 1 MiB.
Result<YamlValues> ReadYamlValues(std::string_view text);

}  // namespace parley::cosyvoice2
