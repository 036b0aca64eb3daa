// Any bytes that parse as a message become a valid request or a named refusal, never a crash, and a
// valid request survives the way back.
#include <cstdint>

#include "base/check.h"
#include "rpc/internal/convert.h"

namespace {

template <class Start>
void TryStart(const void* data, int size) {
  Start start;
  if (!start.ParseFromArray(data, size)) return;
  const auto request = parley::rpc::FromProto(start);
  if (request) PARLEY_CHECK(parley::rpc::FromProto(parley::rpc::ToProto(*request)));
}

template <class Response>
void TryResponse(const void* data, int size) {
  Response response;
  if (!response.ParseFromArray(data, size)) return;
  auto event = parley::rpc::FromProto(response);
  if (event) PARLEY_CHECK(parley::rpc::FromProto(parley::rpc::ToProto(std::move(*event))));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace pb = parley::speech::v1;
  const int length = static_cast<int>(size);
  TryStart<pb::SynthesizeStart>(data, length);
  TryStart<pb::TranscribeStart>(data, length);
  TryStart<pb::GenerateStart>(data, length);
  TryResponse<pb::SynthesizeResponse>(data, length);
  TryResponse<pb::TranscribeResponse>(data, length);
  TryResponse<pb::GenerateResponse>(data, length);
  return 0;
}
