#include "onnx/internal/runtime.h"

#include <charconv>

#include "base/log.h"
#include "onnx/internal/version.h"
#include "onnx/session.h"

namespace parley::onnx {
namespace internal {
namespace {

void ORT_API_CALL Log(void*, OrtLoggingLevel level, const char* category, const char*,
                      const char* location, const char* message) {
  if (level >= ORT_LOGGING_LEVEL_ERROR) {
    // Errors come back as Results and are logged where they are handled.
    log::Debug("onnxruntime category={} at={} message={}", category, location, message);
  } else if (level == ORT_LOGGING_LEVEL_WARNING) {
    log::Warn("onnxruntime category={} at={} message={}", category, location, message);
  }
}

Result<Ort::Env*> MakeEnvironment() {
  PARLEY_TRY_STATUS(CheckRuntime());
  Ort::InitApi(OrtGetApiBase()->GetApi(ORT_API_VERSION));
  try {
    // Leaked on purpose: sessions of static lifetime may outlive any order of destruction.
    return new Ort::Env(ORT_LOGGING_LEVEL_WARNING, "parley", &Log, nullptr);
  } catch (const Ort::Exception& exception) {
    return Fail(FromException(exception, "starting ONNX Runtime"));
  }
}

Code CodeOf(OrtErrorCode code) {
  switch (code) {
    case ORT_NO_SUCHFILE:
      return Code::kNotFound;
    case ORT_NO_MODEL:
    case ORT_INVALID_PROTOBUF:
    case ORT_INVALID_GRAPH:
      return Code::kDataLoss;
    case ORT_INVALID_ARGUMENT:
      return Code::kInvalidArgument;
    case ORT_NOT_IMPLEMENTED:
      return Code::kUnimplemented;
    default:
      return Code::kInternal;
  }
}

}  // namespace

Result<Ort::Env*> Environment() {
  static const Result<Ort::Env*> environment = MakeEnvironment();
  return environment;
}

Error FromException(const Ort::Exception& exception, std::string_view doing) {
  return {CodeOf(exception.GetOrtErrorCode()),
          std::string(doing) + " with ONNX Runtime " + RuntimeVersion() + ": " + exception.what()};
}

}  // namespace internal

Status internal::CheckVersion(std::string_view version, int header_api) {
  // A library knows every API up to its own minor version: 1.32.0 serves APIs 1 to 32.
  int library_api = 0;
  if (version.starts_with("1.")) {
    std::from_chars(version.data() + 2, version.data() + version.size(), library_api);
  }
  if (library_api >= header_api) return {};
  return Fail(Code::kFailedPrecondition,
              "the ONNX Runtime library found is " + std::string(version) +
                  ", this program needs 1." + std::to_string(header_api) +
                  " or a newer 1.x: run scripts/third_party, and look for an older "
                  "libonnxruntime.so in LD_LIBRARY_PATH");
}

std::string RuntimeVersion() { return OrtGetApiBase()->GetVersionString(); }

Status CheckRuntime() { return internal::CheckVersion(RuntimeVersion(), ORT_API_VERSION); }

}  // namespace parley::onnx
