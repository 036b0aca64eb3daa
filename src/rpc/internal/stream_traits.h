// What makes each of the three bidirectional streams its own; the machinery that they share is in
// server_stream.h and client_stream.h.
#pragma once

#include <utility>
#include <variant>

#include "rpc/internal/convert.h"

namespace parley::rpc {

// The message that starts a stream, or null.
template <class Request>
auto* StartOf(const Request& request) {
  return request.message_case() == Request::kStart ? &request.start() : nullptr;
}

struct VoiceTraits {
  using Port = ports::Voice;
  using Request = pb::SynthesizeRequest;
  using Response = pb::SynthesizeResponse;
  static constexpr const char* kName = "Synthesize";
  // What a start says of how its stream's events are written.
  using Format = pb::AudioEncoding;
  static Format FormatOf(const pb::SynthesizeStart& start) { return start.encoding(); }
  static Response Write(Port::Event event, Format format) {
    return ToProto(std::move(event), format);
  }

  static Status Apply(Port::Stream& stream, const Request& request);
  static void HalfClose(Port::Stream& stream) { stream.EndOfText(); }
  static bool IsContent(const Port::Event& event) {
    return std::holds_alternative<Port::Audio>(event) ||
           std::holds_alternative<Port::Mark>(event) || std::holds_alternative<Port::Paused>(event);
  }
};

struct RecognizerTraits {
  using Port = ports::Recognizer;
  using Request = pb::TranscribeRequest;
  using Response = pb::TranscribeResponse;
  static constexpr const char* kName = "Transcribe";
  using Format = std::monostate;
  static Format FormatOf(const pb::TranscribeStart&) { return {}; }
  static Response Write(Port::Event event, Format) { return ToProto(std::move(event)); }

  static Status Apply(Port::Stream& stream, const Request& request);
  static void HalfClose(Port::Stream& stream) { stream.End(); }
  static bool IsContent(const Port::Event& event) {
    return std::holds_alternative<Port::Partial>(event) ||
           std::holds_alternative<Port::Final>(event);
  }
};

struct LanguageModelTraits {
  using Port = ports::LanguageModel;
  using Request = pb::GenerateRequest;
  using Response = pb::GenerateResponse;
  static constexpr const char* kName = "Generate";
  using Format = std::monostate;
  static Format FormatOf(const pb::GenerateStart&) { return {}; }
  static Response Write(Port::Event event, Format) { return ToProto(std::move(event)); }

  static Status Apply(Port::Stream& stream, const Request& request);
  static void HalfClose(Port::Stream&) {}
  static bool IsContent(const Port::Event& event) {
    return std::holds_alternative<Port::Delta>(event) ||
           std::holds_alternative<Port::ToolCall>(event);
  }
};

}  // namespace parley::rpc
