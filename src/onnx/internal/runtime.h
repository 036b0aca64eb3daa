// The process's one ONNX Runtime environment, and its errors as ours. Only the .cc files of onnx/
// include this. Thread-safe.
#pragma once

// The API table is fetched by Environment() after the versions were compared; without this the
// header would fetch it before main() and crash at the first call where the library is too old.
#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>

#include <string_view>

#include "base/result.h"

namespace parley::onnx::internal {

// Made at the first call and kept until the process ends. kFailedPrecondition: library too old.
Result<Ort::Env*> Environment();

// `doing` is what was tried: "loading /models/x.onnx".
Error FromException(const Ort::Exception& exception, std::string_view doing);

}  // namespace parley::onnx::internal
