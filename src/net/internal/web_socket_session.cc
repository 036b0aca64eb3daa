#include "net/internal/web_socket_session.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/field.hpp>
#include <chrono>

#include "base/log.h"
#include "net/internal/spawn.h"

namespace parley::net {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kCloseTimeout(3);
constexpr size_t kReasonMax = 123;  // a control frame's 125 bytes less the code
// A read buffer larger than this is given back once its message is done.
constexpr size_t kBufferKeepMax = 64 * 1024;

websocket::stream_base::timeout TimeoutsOf(const ServerConfig& config) {
  return {.handshake_timeout = std::chrono::milliseconds(config.head_timeout_ms),
          .idle_timeout = std::chrono::milliseconds(config.web_socket_silence_timeout_ms),
          .keep_alive_pings = true};
}

}  // namespace

WebSocketSession::WebSocketSession(std::shared_ptr<ServerState> state, IoThread& thread,
                                   AnyStream stream, Upgrade upgrade)
    : state_(std::move(state)),
      thread_(thread),
      ws_(std::move(stream)),
      cut_timer_(thread.io()),
      idle_timer_(thread.io()),
      listener_(std::move(upgrade.listener)),
      subprotocol_(std::move(upgrade.subprotocol)) {
  ++state_->web_sockets;
}

WebSocketSession::~WebSocketSession() {
  --state_->web_sockets;
  state_->Remove(this);
}

void WebSocketSession::Start(Request request) {
  auto self = shared_from_this();
  Spawn(thread_, "web_socket", Run(std::move(request)), [self] { self->Finish(); });
}

asio::awaitable<void> WebSocketSession::Run(Request request) {
  ws_.set_option(TimeoutsOf(state_->config));
  ws_.read_message_max(state_->config.web_socket_message_bytes_max);
  ws_.auto_fragment(false);
  ws_.set_option(websocket::stream_base::decorator([this](websocket::response_type& response) {
    response.set(boost::beast::http::field::server, "parley");
    if (!subprotocol_.empty()) {
      response.set(boost::beast::http::field::sec_websocket_protocol, subprotocol_);
    }
  }));
  const auto [refused] = co_await ws_.async_accept(request, kTuple);
  if (refused) {
    end_reason_ = refused.message();
    co_return;
  }
  opened_ = true;
  WatchIdle();
  listener_->OnOpen(shared_from_this());
  const error_code ended = co_await ReadAll();
  if (close_sent_) co_return;  // our own reason stands
  if (ended == websocket::error::closed) {
    end_code_ = ws_.reason().code;
    end_reason_ = std::string(ws_.reason().reason.data(), ws_.reason().reason.size());
  } else {
    if (ended == websocket::error::message_too_big || ended == websocket::error::buffer_overflow) {
      end_code_ = static_cast<uint16_t>(CloseCode::kTooBig);
    }
    end_reason_ = ended.message();
  }
}

asio::awaitable<error_code> WebSocketSession::ReadAll() {
  while (true) {
    const auto [error, size] = co_await ws_.async_read(buffer_, kTuple);
    if (error) co_return error;
    if (closed_) {
      // What comes after our goodbye is not heard; the peer's close frame is waited for.
      buffer_.consume(size);
      continue;
    }
    WatchIdle();
    const auto* bytes = static_cast<const uint8_t*>(buffer_.cdata().data());
    if (ws_.got_text()) {
      listener_->OnText({reinterpret_cast<const char*>(bytes), size});
    } else {
      listener_->OnBinary({bytes, size});
    }
    buffer_.consume(size);
    if (buffer_.capacity() > kBufferKeepMax) buffer_ = boost::beast::flat_buffer();
  }
}

bool WebSocketSession::Send(std::string message, bool binary) {
  if (closed_) return false;
  const size_t waiting = queued_bytes_.fetch_add(message.size()) + message.size();
  if (waiting > state_->config.web_socket_queue_bytes_max) {
    queued_bytes_ -= message.size();
    if (closed_.exchange(true)) return false;
    thread_.Post([self = shared_from_this(), waiting] {
      log::Warn("web_socket_too_slow queued_bytes={} queued_bytes_max={}", waiting,
                self->state_->config.web_socket_queue_bytes_max);
      self->BeginClose(CloseCode::kPolicy,
                       fmt::format("client reads too slowly: {} bytes unread", waiting), true);
    });
    return false;
  }
  Message queued{std::move(message), binary};
  if (thread_.IsCurrent()) {
    Enqueue(std::move(queued));
  } else {
    thread_.Post([self = shared_from_this(), queued = std::move(queued)]() mutable {
      self->Enqueue(std::move(queued));
    });
  }
  return true;
}

void WebSocketSession::Enqueue(Message message) {
  if (finished_ || close_sent_) {
    queued_bytes_ -= message.bytes.size();
    return;
  }
  queue_.push_back(std::move(message));
  if (!writing_) WriteNext();
}

void WebSocketSession::WriteNext() {
  if (finished_ || queue_.empty()) {
    if (closing_ && !finished_) SendCloseFrame();
    return;
  }
  writing_ = true;
  ws_.binary(queue_.front().binary);
  ws_.async_write(asio::buffer(queue_.front().bytes),
                  [self = shared_from_this()](const error_code& error, size_t) {
                    self->writing_ = false;
                    self->queued_bytes_ -= self->queue_.front().bytes.size();
                    self->queue_.pop_front();
                    // A failed write shows in the reader too, which ends the session.
                    if (!error) self->WriteNext();
                  });
}

void WebSocketSession::Close(CloseCode code, std::string reason) {
  if (closed_.exchange(true)) return;
  thread_.Post([self = shared_from_this(), code, reason = std::move(reason)]() mutable {
    self->BeginClose(code, std::move(reason), false);
  });
}

void WebSocketSession::BeginClose(CloseCode code, std::string reason, bool drop_queue) {
  if (finished_) return;
  closing_ = true;
  end_code_ = static_cast<uint16_t>(code);
  end_reason_ = std::move(reason);
  if (drop_queue) {
    while (queue_.size() > (writing_ ? 1u : 0u)) {
      queued_bytes_ -= queue_.back().bytes.size();
      queue_.pop_back();
    }
  }
  cut_timer_.expires_after(kCloseTimeout);
  cut_timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->Cut();
  });
  if (!writing_) WriteNext();
}

void WebSocketSession::SendCloseFrame() {
  if (close_sent_ || !opened_) return;
  close_sent_ = true;
  websocket::close_reason reason(static_cast<websocket::close_code>(end_code_));
  reason.reason.assign(end_reason_.data(), std::min(end_reason_.size(), kReasonMax));
  ws_.async_close(reason, [self = shared_from_this()](const error_code&) {});
}

void WebSocketSession::WatchIdle() {
  if (state_->config.web_socket_idle_timeout_ms == 0) return;
  idle_timer_.expires_after(std::chrono::milliseconds(state_->config.web_socket_idle_timeout_ms));
  idle_timer_.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->Close(
        CloseCode::kPolicy,
        fmt::format("no message for {} s", self->state_->config.web_socket_idle_timeout_ms / 1000));
  });
}

void WebSocketSession::StopSoon() { Close(CloseCode::kGoingAway, "the server is stopping"); }

void WebSocketSession::Cut() { ws_.next_layer().Close(); }

void WebSocketSession::Finish() {
  if (finished_) return;
  finished_ = true;
  closed_ = true;
  Cut();
  cut_timer_.cancel();
  idle_timer_.cancel();
  if (opened_) listener_->OnClosed(end_code_, end_reason_);
  listener_.reset();
}

}  // namespace parley::net
