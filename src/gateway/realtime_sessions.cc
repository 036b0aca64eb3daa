#include "gateway/realtime_sessions.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "gateway/access.h"
#include "gateway/api_error.h"
#include "metrics/instruments.h"
#include "realtime/beta_dialect.h"
#include "realtime/server_event.h"

namespace parley::gateway {
namespace {

class RealtimeSocket final : public net::WebSocketListener {
 public:
  struct Life {
    SessionId id;
    int64_t max_us = 0;
    std::string peer;
    bool beta = false;            // the older dialect is spoken
    std::shared_ptr<void> place;  // among sessions_max
    metrics::GaugeLease lease;
  };

  RealtimeSocket(Life life, session::Session::Config config,
                 const session::Session::Services& services, net::Executor& executor)
      : life_(std::move(life)),
        config_(std::move(config)),
        services_(services),
        executor_(executor) {}

  void OnOpen(std::shared_ptr<net::WebSocket> socket) override {
    socket_ = std::move(socket);
    opened_us_ = services_.clock.NowUs();
    auto session =
        session::Session::Create(life_.id, config_, services_, executor_,
                                 [socket = socket_, beta = life_.beta](std::string message) {
                                   Send(*socket, beta, std::move(message));
                                 });
    if (!session) {
      log::Error("session_refused session={} why=\"{}\"", life_.id.value, session.error().message);
      socket_->Close(net::CloseCode::kInternalError, "the conversation could not be started");
      return;
    }
    session_ = *std::move(session);
    log::Info("session_open session={} peer={} model={} dialect={}", life_.id.value, life_.peer,
              config_.defaults.model, life_.beta ? "beta" : "ga");
    expiry_ = executor_.MakeTimer();
    expiry_->Start(opened_us_ + life_.max_us, [this] { Expire(); });
  }

  void OnText(std::string_view message) override {
    if (!session_) return;
    if (life_.beta) {
      session_->OnMessage(realtime::FromBeta(message));
    } else {
      session_->OnMessage(message);
    }
  }

  void OnBinary(std::span<const uint8_t>) override {
    if (session_) session_->OnBinary();
  }

  void OnClosed(uint16_t code, std::string_view reason) override {
    log::Info("session_closed session={} code={} reason=\"{}\" duration_ms={}", life_.id.value,
              code, reason, (services_.clock.NowUs() - opened_us_) / 1000);
    expiry_.reset();
    session_.reset();
    socket_.reset();
  }

 private:
  static void Send(net::WebSocket& socket, bool beta, std::string message) {
    if (beta) message = realtime::ToBeta(std::move(message));
    if (!message.empty()) socket.SendText(std::move(message));
  }

  void Expire() {
    const std::string why = fmt::format("Your session hit the maximum duration of {} minutes.",
                                        life_.max_us / 60'000'000);
    Send(*socket_, life_.beta, realtime::ErrorEvent({.code = "session_expired", .message = why}));
    session_.reset();
    socket_->Close(net::CloseCode::kNormal, why);
  }

  Life life_;
  const session::Session::Config config_;
  const session::Session::Services& services_;
  net::Executor& executor_;
  int64_t opened_us_ = 0;
  std::shared_ptr<net::WebSocket> socket_;
  std::unique_ptr<session::Session> session_;
  std::unique_ptr<net::Timer> expiry_;
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
  RealtimeSocket::Life life{
      .id = SessionId{shared_->next_id++},
      .max_us = int64_t{config_.session_max_s} * 1'000'000,
      .peer = request.peer,
      .beta = SpeaksBeta(request),
      .place = std::shared_ptr<void>(shared_.get(), [shared = shared_](void*) { --shared->count; }),
      .lease = metrics::GaugeLease(metrics_.sessions)};
  upgrade.listener =
      std::make_unique<RealtimeSocket>(std::move(life), std::move(config), services_, executor);
  upgrade.subprotocol = SelectSubprotocol(request);
  return upgrade;
}

}  // namespace parley::gateway
