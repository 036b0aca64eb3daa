// Between the ports' structs and speech.proto's messages, in both directions. What comes from the
// other side is checked here: a field out of its range is kInvalidArgument and named. Pure
// functions.
#pragma once

#include <grpcpp/support/status.h>

#include "parley/speech/v1/speech.pb.h"
#include "ports/language_model.h"
#include "ports/model_host.h"
#include "ports/recognizer.h"
#include "ports/voice.h"

namespace parley::rpc {

namespace pb = ::parley::speech::v1;

// Limits of a single message, beyond which a peer is refused.
inline constexpr size_t kSpeechTextBytesMax = 16 * 1024;
inline constexpr size_t kPromptMsMax = 30'000;
inline constexpr int64_t kReadyTimeoutMsMax = 600'000;

pb::SynthesizeStart ToProto(const ports::Voice::Request& request);
// Audio goes in the encoding; it comes back (FromProto) as PCM_S16LE, which our client asks for.
pb::SynthesizeResponse ToProto(ports::Voice::Event event,
                               pb::AudioEncoding encoding = pb::AUDIO_ENCODING_PCM_S16LE);
Result<ports::Voice::Request> FromProto(const pb::SynthesizeStart& start);
Result<ports::Voice::Event> FromProto(const pb::SynthesizeResponse& response);

pb::TranscribeStart ToProto(const ports::Recognizer::Request& request);
pb::TranscribeResponse ToProto(ports::Recognizer::Event event);
Result<ports::Recognizer::Request> FromProto(const pb::TranscribeStart& start);
Result<ports::Recognizer::Event> FromProto(const pb::TranscribeResponse& response);

pb::GenerateStart ToProto(const ports::LanguageModel::Request& request);
pb::GenerateResponse ToProto(ports::LanguageModel::Event event);
Result<ports::LanguageModel::Request> FromProto(const pb::GenerateStart& start);
Result<ports::LanguageModel::Event> FromProto(const pb::GenerateResponse& response);

pb::Model ToProto(const ports::ModelInfo& info);
pb::GetCapabilitiesResponse ToProto(const ports::WorkerCapabilities& capabilities);
ports::ModelInfo FromProto(const pb::Model& model);
ports::WorkerCapabilities FromProto(const pb::GetCapabilitiesResponse& response);

// In an encoding that is known.
std::string EncodePcm(std::span<const int16_t> pcm, pb::AudioEncoding encoding);
// Little endian 16-bit samples. An odd number of bytes is kInvalidArgument.
std::string PcmToBytes(std::span<const int16_t> pcm);
Result<std::vector<int16_t>> PcmFromBytes(const std::string& bytes);

// A code that is none of Code's becomes kUnknown.
void FillFailure(const Error& error, bool retryable, pb::Failure* out);
Error ErrorFrom(const pb::Failure& failure);
grpc::Status ToGrpc(const Error& error);
Error FromGrpc(const grpc::Status& status);

}  // namespace parley::rpc
