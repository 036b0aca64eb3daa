#include "gateway/realtime_call.h"

#include <fmt/format.h>

#include <future>
#include <utility>
#include <vector>

#include "base/log.h"
#include "realtime/beta_dialect.h"
#include "realtime/server_event.h"

namespace parley::gateway {
namespace {

// Our page gives up a line that no longer takes its sound with this code (4000–4999: private use).
constexpr uint16_t kLineStalled = 4000;

// Any other end was meant by somebody.
bool IsLost(uint16_t code) {
  return code == static_cast<uint16_t>(net::CloseCode::kAbnormal) || code == kLineStalled;
}

}  // namespace

bool RealtimeCalls::Add(const std::string& token, std::shared_ptr<RealtimeCall> call) {
  const std::lock_guard lock(mutex_);
  if (!stopped_) calls_[token] = std::move(call);
  return !stopped_;
}

void RealtimeCalls::Remove(const std::string& token) {
  const std::lock_guard lock(mutex_);
  calls_.erase(token);
}

std::shared_ptr<RealtimeCall> RealtimeCalls::Find(std::string_view token) {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(token);
  return found == calls_.end() ? nullptr : found->second;
}

void RealtimeCalls::Stop() {
  std::vector<std::shared_ptr<RealtimeCall>> calls;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (auto& [token, call] : calls_) calls.push_back(call);
  }
  for (const std::shared_ptr<RealtimeCall>& call : calls) {
    auto ended = std::make_shared<std::promise<void>>();
    std::future<void> over = ended->get_future();
    call->executor().Post([call, ended = std::move(ended)] {
      call->End();
      ended->set_value();
    });
    over.wait();  // ends too where the executor has stopped and the task is dropped
  }
}

RealtimeCall::RealtimeCall(Life life, session::Session::Config config,
                           const session::Session::Services& services, RealtimeCalls& calls,
                           net::Executor& executor)
    : life_(std::move(life)),
      config_(std::move(config)),
      services_(services),
      calls_(calls),
      executor_(executor) {}

void RealtimeCall::OnOpen(uint64_t line, std::shared_ptr<net::WebSocket> socket) {
  if (line < line_) {
    return socket->Close(net::CloseCode::kGoingAway, "a later line carries the conversation");
  }
  line_ = line;
  if (line > 1 && !Resume(*socket)) return;
  socket_ = std::move(socket);
  if (line > 1) return session_->OnLineBack();
  Open();
}

void RealtimeCall::Open() {
  opened_us_ = services_.clock.NowUs();
  auto session =
      session::Session::Create(life_.id, config_, services_, executor_,
                               [this](std::string message) { Send(std::move(message)); });
  if (!session) {
    log::Error("session_refused session={} why=\"{}\"", life_.id.value, session.error().message);
    socket_->Close(net::CloseCode::kInternalError, "the conversation could not be started");
    return;
  }
  session_ = *std::move(session);
  log::Info("session_open session={} peer={} model={} dialect={}", life_.id.value, life_.peer,
            config_.defaults.model, life_.beta ? "beta" : "ga");
  hold_ = executor_.MakeTimer();
  expiry_ = executor_.MakeTimer();
  expiry_->Start(opened_us_ + life_.max_us, [this] { Expire(); });
  found_ = calls_.Add(config_.resume_token, shared_from_this());
}

// The line before may still look alive: a dead one is noticed late.
bool RealtimeCall::Resume(net::WebSocket& socket) {
  if (over_ || !session_ || !session_->resumable()) {
    socket.Close(net::CloseCode::kTryAgainLater, "the conversation is over");
    return false;
  }
  session_->OnLineLost();
  if (socket_) socket_->Close(net::CloseCode::kGoingAway, "a later line carries the conversation");
  hold_->Cancel();
  held_ = metrics::GaugeLease();
  services_.metrics.sessions_resumed.Add();
  return true;
}

void RealtimeCall::OnText(uint64_t line, std::string_view message) {
  if (line != line_ || !session_) return;
  if (life_.beta) {
    session_->OnMessage(realtime::FromBeta(message));
  } else {
    session_->OnMessage(message);
  }
}

void RealtimeCall::OnBinary(uint64_t line) {
  if (line == line_ && session_) session_->OnBinary();
}

void RealtimeCall::OnClosed(uint64_t line, uint16_t code, std::string_view reason) {
  if (line != line_ || over_) return;
  log::Info("session_closed session={} code={} reason=\"{}\" duration_ms={}", life_.id.value, code,
            reason, (services_.clock.NowUs() - opened_us_) / 1000);
  socket_.reset();
  if (IsLost(code) && found_ && session_ && session_->resumable()) return Hold();
  End();
}

void RealtimeCall::Hold() {
  session_->OnLineLost();
  held_ = metrics::GaugeLease(services_.metrics.sessions_held);
  lines_known_ = lines_;
  hold_->Start(services_.clock.NowUs() + int64_t{config_.hold_ms} * 1000, [this] { OnHeldLong(); });
}

// Not while one comes that has found it.
void RealtimeCall::OnHeldLong() {
  if (lines_ != lines_known_) return Hold();
  log::Info("session_given_up session={} held_ms={}", life_.id.value, config_.hold_ms);
  executor_.Post([self = shared_from_this()] {
    if (!self->socket_) self->End();
  });
}

void RealtimeCall::Expire() {
  const std::string why = fmt::format("Your session hit the maximum duration of {} minutes.",
                                      life_.max_us / 60'000'000);
  Send(realtime::ErrorEvent({.code = "session_expired", .message = why}));
  session_.reset();
  if (socket_) return socket_->Close(net::CloseCode::kNormal, why);
  executor_.Post([self = shared_from_this()] { self->End(); });
}

void RealtimeCall::Send(std::string message) {
  if (!socket_) return;
  if (life_.beta) message = realtime::ToBeta(std::move(message));
  if (!message.empty()) socket_->SendText(std::move(message));
}

void RealtimeCall::End() {
  if (std::exchange(over_, true)) return;
  expiry_.reset();
  hold_.reset();
  session_.reset();
  socket_.reset();
  held_ = metrics::GaugeLease();
  life_.place.reset();
  // Maybe the last that holds it, but for whoever called.
  calls_.Remove(config_.resume_token);
}

}  // namespace parley::gateway
