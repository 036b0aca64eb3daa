// The unary calls and LoadModel's stream, carried out by a ModelHost. Functions for the service in
// speech_server.cc; gRPC owns the reactors that they return.
#pragma once

#include <grpcpp/grpcpp.h>

#include "parley/speech/v1/speech.grpc.pb.h"
#include "ports/model_host.h"

namespace parley::rpc {

namespace pb = ::parley::speech::v1;

using UnaryContext = grpc::CallbackServerContext;

grpc::ServerUnaryReactor* ServeList(UnaryContext* context, ports::ModelHost* host,
                                    pb::ListModelsResponse* response);
grpc::ServerUnaryReactor* ServeUnload(UnaryContext* context, ports::ModelHost* host,
                                      const pb::UnloadModelRequest& request);
grpc::ServerUnaryReactor* ServeReload(UnaryContext* context, ports::ModelHost* host,
                                      pb::ReloadModelsResponse* response);
grpc::ServerUnaryReactor* ServeCapabilities(UnaryContext* context, ports::ModelHost* host,
                                            pb::GetCapabilitiesResponse* response);
grpc::ServerUnaryReactor* ServeDrain(UnaryContext* context, ports::ModelHost* host,
                                     const pb::DrainRequest& request);
grpc::ServerWriteReactor<pb::LoadModelResponse>* ServeLoad(ports::ModelHost* host,
                                                           const pb::LoadModelRequest& request);

}  // namespace parley::rpc
