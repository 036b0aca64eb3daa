// A ModelHost at the other end of a channel. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/secret.h"
#include "parley/speech/v1/speech.grpc.pb.h"
#include "ports/model_host.h"
#include "rpc/internal/client_stream.h"

namespace parley::rpc {

class ModelHostClient final : public ports::ModelHost {
 public:
  // `authorization` is the whole value of that metadata, or empty.
  ModelHostClient(pb::Speech::Stub* stub, std::shared_ptr<OpenCalls> calls, std::string address,
                  Secret authorization)
      : stub_(stub),
        calls_(std::move(calls)),
        address_(std::move(address)),
        authorization_(std::move(authorization)) {}

  void List(Callback<std::vector<ports::ModelInfo>> done) override;
  void Load(std::string model, int64_t timeout_ms, LoadSink sink) override;
  void Unload(std::string model, bool force, Callback<void> done) override;
  void Reload(Callback<ReloadReport> done) override;
  void Capabilities(Callback<ports::WorkerCapabilities> done) override;
  void Drain(int64_t deadline_ms, Callback<void> done) override;

 private:
  template <class Request, class Response>
  struct Call;
  // A unary call of the generated stub.
  template <class Request, class Response>
  using Method = void (pb::Speech::StubInterface::async_interface::*)(
      grpc::ClientContext*, const Request*, Response*, std::function<void(grpc::Status)>);
  template <class Request, class Response>
  void Ask(Request request, int64_t timeout_ms, const char* name, Method<Request, Response> method,
           std::function<void(Result<Response>)> done);

  pb::Speech::Stub* const stub_;
  const std::shared_ptr<OpenCalls> calls_;
  const std::string address_;
  const Secret authorization_;
};

}  // namespace parley::rpc
