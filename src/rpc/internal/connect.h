// A channel to a worker, as SpeechClient makes it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "rpc/speech_client.h"

namespace parley::rpc {

Result<std::shared_ptr<grpc::Channel>> Connect(const SpeechClient::Config& config);

}  // namespace parley::rpc
