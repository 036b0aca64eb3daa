// How deep foreign JSON nests, before anything walks it recursively: deeper nesting than is meant
// would only serve to exhaust the stack. Pure.
#pragma once

#include <string_view>

namespace parley {

// True when objects and arrays stand in each other more than `depth_max` deep. The text need not be
// valid JSON.
inline bool NestsDeeper(std::string_view json, int depth_max) {
  int depth = 0;
  for (size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (c == '{' || c == '[') {
      if (++depth > depth_max) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == '"') {
      do {
        at = json.find_first_of("\"\\", at + 1);
        if (at == std::string_view::npos) return false;
        if (json[at] == '\\') ++at;
      } while (at < json.size() && json[at] != '"');
    }
  }
  return false;
}

}  // namespace parley
