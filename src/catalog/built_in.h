// The catalogue that was compiled in, so that the program needs no file beside it.
#pragma once

#include <string_view>

namespace parley::catalog {

// The text of models/catalog.toml.
std::string_view BuiltInCatalog();

}  // namespace parley::catalog
