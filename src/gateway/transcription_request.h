// POST /v1/audio/transcriptions and /v1/audio/translations: the form, checked. Pure.
#pragma once

#include <string>
#include <string_view>

#include "gateway/api_error.h"
#include "gateway/transcript.h"
#include "net/http.h"

namespace parley::gateway {

struct TranscriptionRequest {
  std::string model;
  std::string language;   // empty: the recognizer decides
  std::string_view file;  // a view into the request's body
  TranscriptFormat format = TranscriptFormat::kJson;
  TranscriptDetail detail;
  bool stream = false;
  bool translate = false;  // into English: POST /v1/audio/translations
};

// Fields without effect here (prompt, temperature, include…) are ignored.
Parsed<TranscriptionRequest> ParseTranscriptionRequest(const net::HttpRequest& request);

}  // namespace parley::gateway
