#include "gateway/realtime_sessions.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "gateway/access.h"
#include "gateway/api_error.h"
#include "realtime/ids.h"

namespace parley::gateway {
namespace {

// What was received and its conversation, on another thread, has not looked at: 2 messages of the
// longest kind.
constexpr size_t kWaitingBytesMax = size_t{32} << 20;

// One line of a conversation.
class RealtimeSocket final : public net::WebSocketListener {
 public:
  explicit RealtimeSocket(std::shared_ptr<RealtimeCall> call)
      : call_(std::move(call)), line_(call_->NewLine()) {}

  void OnOpen(std::shared_ptr<net::WebSocket> socket) override {
    socket_ = socket;
    Run([line = line_, socket = std::move(socket)](RealtimeCall& call) {
      call.OnOpen(line, socket);
    });
  }

  void OnText(std::string_view message) override {
    if (call_->executor().IsCurrent()) return call_->OnText(line_, message);
    const size_t bytes = message.size();
    if ((*waiting_ += bytes) > kWaitingBytesMax) {
      return socket_->Close(net::CloseCode::kPolicy, "more is sent than can be heard");
    }
    Run([line = line_, bytes, waiting = waiting_,
         message = std::string(message)](RealtimeCall& call) {
      *waiting -= bytes;
      call.OnText(line, message);
    });
  }

  void OnBinary(std::span<const uint8_t>) override {
    Run([line = line_](RealtimeCall& call) { call.OnBinary(line); });
  }

  void OnClosed(uint16_t code, std::string_view reason) override {
    Run([line = line_, code, reason = std::string(reason)](RealtimeCall& call) {
      call.OnClosed(line, code, reason);
    });
    socket_.reset();
  }

 private:
  // In order: a line is always on one and the same thread, and so is the conversation.
  template <class Work>
  void Run(Work work) {
    if (call_->executor().IsCurrent()) return work(*call_);
    call_->executor().Post([call = call_, work = std::move(work)] { work(*call); });
  }

  const std::shared_ptr<RealtimeCall> call_;
  const uint64_t line_;
  std::shared_ptr<net::WebSocket> socket_;
  const std::shared_ptr<std::atomic<size_t>> waiting_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace

RealtimeSessions::RealtimeSessions(const GatewayConfig& config,
                                   const session::Session::Config& session_config,
                                   const session::Session::Services& services,
                                   metrics::GatewayMetrics& metrics)
    : config_(config),
      session_config_(session_config),
      services_(services),
      metrics_(metrics),
      shared_(std::make_shared<Shared>()) {}

net::Upgrade RealtimeSessions::Open(const net::HttpRequest& request, net::Executor& executor,
                                    std::string patch) {
  net::Upgrade upgrade;
  upgrade.subprotocol = SelectSubprotocol(request);
  if (auto call = calls_.Find(request.Query("x_parley_resume").value_or(""))) {
    upgrade.listener = std::make_unique<RealtimeSocket>(std::move(call));
    return upgrade;
  }
  if (++shared_->count > config_.sessions_max) {
    --shared_->count;
    metrics_.sessions_refused.Add();
    upgrade.refusal =
        ToResponse({429,
                    fmt::format("{} conversations are open, which is the limit; try again later.",
                                config_.sessions_max),
                    "", "rate_limit_exceeded"});
    return upgrade;
  }
  session::Session::Config config = session_config_;
  if (const auto model = request.Query("model"); model && !model->empty()) {
    config.defaults.model = *model;
  }
  // A secret says of which kind the session is.
  config.defaults.transcription_only = patch.empty() && request.Query("intent") == "transcription";
  config.defaults.life_s = config_.session_max_s;
  config.defaults.patch = std::move(patch);
  config.hold_ms = config_.session_hold_s * 1000;
  config.resume_token = realtime::NewId("line");
  RealtimeCall::Life life{.id = SessionId{shared_->next_id++},
                          .max_us = int64_t{config_.session_max_s} * 1'000'000,
                          .peer = request.peer,
                          .beta = SpeaksBeta(request),
                          .place = std::shared_ptr<void>(
                              shared_.get(), [shared = shared_](void*) { --shared->count; })};
  upgrade.listener = std::make_unique<RealtimeSocket>(std::make_shared<RealtimeCall>(
      std::move(life), std::move(config), services_, calls_, executor));
  return upgrade;
}

}  // namespace parley::gateway
