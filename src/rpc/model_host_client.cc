#include "rpc/internal/model_host_client.h"

#include <chrono>
#include <utility>

namespace parley::rpc {

using ports::ModelHost;
using Async = pb::Speech::StubInterface::async_interface;

namespace {

// How long each call may take. Unload and Drain wait for streams to end.
constexpr int64_t kListTimeoutMs = 5'000;
constexpr int64_t kUnloadTimeoutMs = 60'000;
constexpr int64_t kReloadTimeoutMs = 300'000;
// What the way to the worker and back may add to a deadline that the worker keeps itself.
constexpr int64_t kMarginMs = 5'000;

void Prepare(grpc::ClientContext& context, int64_t timeout_ms, const Secret& authorization) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(timeout_ms));
  if (!authorization.empty()) context.AddMetadata("authorization", authorization.Reveal());
}

class LoadReader final : public grpc::ClientReadReactor<pb::LoadModelResponse> {
 public:
  LoadReader(std::shared_ptr<OpenCalls> calls, std::string address, ModelHost::LoadSink sink)
      : context(calls->Add()),
        calls_(std::move(calls)),
        address_(std::move(address)),
        sink_(std::move(sink)) {}

  std::shared_ptr<grpc::ClientContext> context;
  pb::LoadModelRequest request;

  void Start(pb::Speech::Stub* stub) {
    stub->async()->LoadModel(context.get(), &request, this);
    StartRead(&response_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (response_.has_progress()) {
      sink_(ModelHost::LoadProgress{response_.progress().share(), response_.progress().what()});
    } else if (response_.has_loaded()) {
      loaded_ = FromProto(response_.loaded());
    }
    StartRead(&response_);
  }

  void OnDone(const grpc::Status& status) override {
    Result<ports::ModelInfo> outcome =
        status.ok() && loaded_
            ? Result<ports::ModelInfo>(std::move(*loaded_))
            : Result<ports::ModelInfo>(Fail(DescribeBroken(status, address_, "LoadModel").error));
    sink_(std::move(outcome));
    const std::shared_ptr<OpenCalls> calls = calls_;
    std::shared_ptr<grpc::ClientContext> ended = std::move(context);
    delete this;
    calls->Remove(std::move(ended));
  }

 private:
  const std::shared_ptr<OpenCalls> calls_;
  const std::string address_;
  const ModelHost::LoadSink sink_;
  pb::LoadModelResponse response_;
  std::optional<ports::ModelInfo> loaded_;
};

}  // namespace

template <class Request, class Response>
struct ModelHostClient::Call {
  std::shared_ptr<grpc::ClientContext> context;
  Request request;
  Response response;
};

template <class Request, class Response>
void ModelHostClient::Ask(Request request, int64_t timeout_ms, const char* name,
                          Method<Request, Response> method,
                          std::function<void(Result<Response>)> done) {
  auto call = std::make_shared<Call<Request, Response>>();
  call->request = std::move(request);
  call->context = calls_->Add();
  Prepare(*call->context, timeout_ms, authorization_);
  auto finish = [call, name, done = std::move(done), calls = calls_,
                 address = address_](grpc::Status status) {
    if (status.ok()) {
      done(std::move(call->response));
    } else {
      done(Fail(DescribeBroken(status, address, name).error));
    }
    calls->Remove(std::move(call->context));
  };
  (stub_->async()->*method)(call->context.get(), &call->request, &call->response,
                            std::move(finish));
}

void ModelHostClient::List(Callback<std::vector<ports::ModelInfo>> done) {
  Ask<pb::ListModelsRequest, pb::ListModelsResponse>(
      {}, kListTimeoutMs, "ListModels", &Async::ListModels,
      [done = std::move(done)](Result<pb::ListModelsResponse> response) {
        if (!response) return done(Fail(std::move(response.error())));
        std::vector<ports::ModelInfo> models;
        for (const auto& model : response->models()) models.push_back(FromProto(model));
        done(std::move(models));
      });
}

void ModelHostClient::Load(std::string model, int64_t timeout_ms, LoadSink sink) {
  // Deletes itself when the call is over.
  auto* reader = new LoadReader(calls_, address_, std::move(sink));
  reader->request.set_model(std::move(model));
  reader->request.set_timeout_ms(timeout_ms);
  Prepare(*reader->context, timeout_ms + kMarginMs, authorization_);
  reader->Start(stub_);
}

void ModelHostClient::Unload(std::string model, bool force, Callback<void> done) {
  pb::UnloadModelRequest request;
  request.set_model(std::move(model));
  request.set_force(force);
  Ask<pb::UnloadModelRequest, pb::UnloadModelResponse>(
      std::move(request), kUnloadTimeoutMs, "UnloadModel", &Async::UnloadModel,
      [done = std::move(done)](Result<pb::UnloadModelResponse> response) {
        if (!response) return done(Fail(std::move(response.error())));
        done({});
      });
}

void ModelHostClient::Reload(Callback<ReloadReport> done) {
  Ask<pb::ReloadModelsRequest, pb::ReloadModelsResponse>(
      {}, kReloadTimeoutMs, "ReloadModels", &Async::ReloadModels,
      [done = std::move(done)](Result<pb::ReloadModelsResponse> response) {
        if (!response) return done(Fail(std::move(response.error())));
        ReloadReport report;
        report.added.assign(response->added().begin(), response->added().end());
        report.removed.assign(response->removed().begin(), response->removed().end());
        report.changed.assign(response->changed().begin(), response->changed().end());
        report.refused.assign(response->refused().begin(), response->refused().end());
        done(std::move(report));
      });
}

void ModelHostClient::Capabilities(Callback<ports::WorkerCapabilities> done) {
  Ask<pb::GetCapabilitiesRequest, pb::GetCapabilitiesResponse>(
      {}, kListTimeoutMs, "GetCapabilities", &Async::GetCapabilities,
      [done = std::move(done)](Result<pb::GetCapabilitiesResponse> response) {
        if (!response) return done(Fail(std::move(response.error())));
        done(FromProto(*response));
      });
}

void ModelHostClient::Drain(int64_t deadline_ms, Callback<void> done) {
  pb::DrainRequest request;
  request.set_deadline_ms(deadline_ms);
  Ask<pb::DrainRequest, pb::DrainResponse>(
      std::move(request), deadline_ms + kMarginMs, "Drain", &Async::Drain,
      [done = std::move(done)](Result<pb::DrainResponse> response) {
        if (!response) return done(Fail(std::move(response.error())));
        done({});
      });
}

}  // namespace parley::rpc
