#include "rpc/internal/model_host_service.h"

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "rpc/internal/convert.h"

namespace parley::rpc {

using ports::ModelHost;

namespace {

constexpr int64_t kLoadTimeoutDefaultMs = 120'000;

// Answers a unary call that has nothing to say but how it ended.
ModelHost::Callback<void> FinishWith(grpc::ServerUnaryReactor* reactor) {
  return [reactor](Status status) {
    reactor->Finish(status ? grpc::Status::OK : ToGrpc(status.error()));
  };
}

// Progress and outcome of one load. The host holds it too, as long as it may call: a client that
// leaves does not stop the load.
class LoadStream {
 public:
  class Reactor final : public grpc::ServerWriteReactor<pb::LoadModelResponse> {
   public:
    explicit Reactor(std::shared_ptr<LoadStream> stream) : stream_(std::move(stream)) {}
    void OnWriteDone(bool ok) override { stream_->OnWriteDone(ok); }
    void OnCancel() override { stream_->End(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }

   private:
    const std::shared_ptr<LoadStream> stream_;
  };

  static grpc::ServerWriteReactor<pb::LoadModelResponse>* Start(
      ModelHost* host, const pb::LoadModelRequest& request) {
    auto stream = std::make_shared<LoadStream>();
    auto* reactor = new Reactor(stream);
    stream->reactor_ = reactor;
    const int64_t timeout_ms =
        request.timeout_ms() > 0 ? request.timeout_ms() : kLoadTimeoutDefaultMs;
    host->Load(request.model(), timeout_ms,
               [stream](ModelHost::LoadEvent event) { stream->OnEvent(std::move(event)); });
    return reactor;
  }

 private:
  // Only the newest progress waits for a slow reader.
  void OnEvent(ModelHost::LoadEvent event) {
    {
      const std::lock_guard lock(mutex_);
      if (ended_) return;
      pb::LoadModelResponse message;
      if (const auto* progress = std::get_if<ModelHost::LoadProgress>(&event)) {
        message.mutable_progress()->set_share(progress->share);
        message.mutable_progress()->set_what(progress->what);
        waiting_ = std::move(message);
      } else if (auto& outcome = std::get<Result<ports::ModelInfo>>(event); outcome) {
        *message.mutable_loaded() = ToProto(*outcome);
        waiting_ = std::move(message);
        end_ = grpc::Status::OK;
      } else {
        waiting_.reset();
        end_ = ToGrpc(outcome.error());
      }
    }
    Pump();
  }

  void OnWriteDone(bool ok) {
    {
      const std::lock_guard lock(mutex_);
      writing_ = false;
      if (!ok) end_ = grpc::Status::CANCELLED;
    }
    Pump();
  }

  void End(const grpc::Status& status) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.reset();
      end_ = status;
    }
    Pump();
  }

  void Pump() {
    std::optional<grpc::Status> finish;
    {
      const std::lock_guard lock(mutex_);
      if (writing_ || ended_) return;
      if (waiting_) {
        current_ = std::move(*waiting_);
        waiting_.reset();
        writing_ = true;
      } else if (end_) {
        finish = end_;
        ended_ = true;
      } else {
        return;
      }
    }
    if (finish) {
      reactor_->Finish(*finish);
    } else {
      reactor_->StartWrite(&current_);
    }
  }

  Reactor* reactor_ = nullptr;  // not used once ended_
  std::mutex mutex_;
  std::optional<pb::LoadModelResponse> waiting_;
  pb::LoadModelResponse current_;
  std::optional<grpc::Status> end_;
  bool writing_ = false;
  bool ended_ = false;
};

}  // namespace

grpc::ServerUnaryReactor* ServeList(UnaryContext* context, ModelHost* host,
                                    pb::ListModelsResponse* response) {
  auto* reactor = context->DefaultReactor();
  host->List([reactor, response](Result<std::vector<ports::ModelInfo>> models) {
    if (!models) return reactor->Finish(ToGrpc(models.error()));
    for (const auto& model : *models) *response->add_models() = ToProto(model);
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* ServeUnload(UnaryContext* context, ModelHost* host,
                                      const pb::UnloadModelRequest& request) {
  auto* reactor = context->DefaultReactor();
  host->Unload(request.model(), request.force(), FinishWith(reactor));
  return reactor;
}

grpc::ServerUnaryReactor* ServeReload(UnaryContext* context, ModelHost* host,
                                      pb::ReloadModelsResponse* response) {
  auto* reactor = context->DefaultReactor();
  host->Reload([reactor, response](Result<ModelHost::ReloadReport> report) {
    if (!report) return reactor->Finish(ToGrpc(report.error()));
    response->mutable_added()->Add(report->added.begin(), report->added.end());
    response->mutable_removed()->Add(report->removed.begin(), report->removed.end());
    response->mutable_changed()->Add(report->changed.begin(), report->changed.end());
    response->mutable_refused()->Add(report->refused.begin(), report->refused.end());
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* ServeCapabilities(UnaryContext* context, ModelHost* host,
                                            pb::GetCapabilitiesResponse* response) {
  auto* reactor = context->DefaultReactor();
  host->Capabilities([reactor, response](Result<ports::WorkerCapabilities> capabilities) {
    if (!capabilities) return reactor->Finish(ToGrpc(capabilities.error()));
    *response = ToProto(*capabilities);
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* ServeDrain(UnaryContext* context, ModelHost* host,
                                     const pb::DrainRequest& request) {
  auto* reactor = context->DefaultReactor();
  if (request.deadline_ms() < 0) {
    reactor->Finish(
        grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                     "deadline_ms is " + std::to_string(request.deadline_ms()) + ", must be ≥ 0"));
    return reactor;
  }
  host->Drain(request.deadline_ms(), FinishWith(reactor));
  return reactor;
}

grpc::ServerWriteReactor<pb::LoadModelResponse>* ServeLoad(ModelHost* host,
                                                           const pb::LoadModelRequest& request) {
  return LoadStream::Start(host, request);
}

}  // namespace parley::rpc
