// A TOML document as a flat list of its leaves; the one place where the TOML library is seen.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/binder.h"

namespace parley::config::internal {

struct Leaf {
  std::vector<std::string> path;  // {"worker", "resident_cap"}
  int line = 0;                   // from 1
  std::optional<Value> value;     // nothing when the kind has no meaning here (dates, mixed lists)
  std::string shown;              // as it stands in the document, shortened, for messages
};

// kInvalidArgument names the document, line and what the parser met.
Result<std::vector<Leaf>> ParseToml(std::string_view text, std::string_view name);

// A value as a TOML expression.
std::string PrintToml(const Value& value);

}  // namespace parley::config::internal
