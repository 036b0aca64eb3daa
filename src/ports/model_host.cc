#include "ports/model_host.h"

namespace parley::ports {

std::string_view ModelKindName(ModelKind kind) {
  switch (kind) {
    case ModelKind::kTts:
      return "tts";
    case ModelKind::kAsr:
      return "asr";
    case ModelKind::kLlm:
      return "llm";
  }
  return "unknown";
}

std::string_view ModelStateName(ModelState state) {
  switch (state) {
    case ModelState::kAbsent:
      return "absent";
    case ModelState::kLoading:
      return "loading";
    case ModelState::kWarming:
      return "warming";
    case ModelState::kReady:
      return "ready";
    case ModelState::kDraining:
      return "draining";
    case ModelState::kFailed:
      return "failed";
  }
  return "unknown";
}

}  // namespace parley::ports
