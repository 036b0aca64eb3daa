// Finds the weights in a model pack: the folder with model.toml that the worker names.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace parley::ggml {

// `[files] model` of the pack's model.toml, or, where that does not name one, the only file in the
// folder that ends in `extension` (".gguf"). `pack` may also be such a file itself. kNotFound if
// there is none, kInvalidArgument if there are several or model.toml is broken or points outside
// the pack.
Result<std::filesystem::path> FindModelFile(const std::filesystem::path& pack,
                                            std::string_view extension);

}  // namespace parley::ggml
