// Whether a library serves the API that a program was compiled against. Pure.
#pragma once

#include <string_view>

#include "base/result.h"

namespace parley::onnx::internal {

// `version` as the library gives it ("1.32.0"); `header_api` is ORT_API_VERSION (21).
Status CheckVersion(std::string_view version, int header_api);

}  // namespace parley::onnx::internal
