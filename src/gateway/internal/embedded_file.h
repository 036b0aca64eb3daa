// A file that the build put into the program (cmake/embed.cmake).
#pragma once

#include <cstddef>
#include <string_view>

namespace parley::gateway {

struct EmbeddedFile {
  std::string_view name;  // "index.html"
  std::string_view bytes;
};

extern const EmbeddedFile kEmbeddedFiles[];
extern const size_t kEmbeddedFileCount;

}  // namespace parley::gateway
