// Any bytes as each request's body: no crash.
#include <cstdint>
#include <string_view>

#include "gateway/chat_request.h"
#include "gateway/client_secrets.h"
#include "gateway/speech_request.h"
#include "gateway/transcription_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  static_cast<void>(parley::gateway::ParseSpeechRequest(input, 4096));
  static_cast<void>(parley::gateway::ParseChatRequest(input));
  parley::gateway::ClientSecrets secrets({});
  for (const auto kind : {parley::gateway::ClientSecrets::Kind::kClientSecret,
                          parley::gateway::ClientSecrets::Kind::kSession}) {
    static_cast<void>(secrets.Issue(kind, input, 0));
  }
  parley::net::HttpRequest request;
  request.headers.Add("Content-Type", "multipart/form-data; boundary=B");
  request.body = std::string(input);
  static_cast<void>(parley::gateway::ParseTranscriptionRequest(request));
  return 0;
}
