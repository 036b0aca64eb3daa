// POST /v1/audio/speech: the request's body, checked. Pure; fuzzed.
#pragma once

#include <string>
#include <string_view>

#include "gateway/api_error.h"
#include "gateway/speech_encoder.h"

namespace parley::gateway {

struct SpeechRequest {
  std::string model;
  std::string input;  // valid UTF-8
  std::string voice;
  std::string instructions;
  SpeechFormat format = SpeechFormat::kMp3;
  double speed = 1.0;
  bool sse = false;  // stream_format
};

// Unknown fields are ignored, as clients send what later versions of the API know.
Parsed<SpeechRequest> ParseSpeechRequest(std::string_view body, int chars_max);

}  // namespace parley::gateway
