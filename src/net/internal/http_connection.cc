#include "net/internal/http_connection.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <chrono>
#include <ctime>

#include "base/log.h"
#include "net/internal/http_exchange.h"
#include "net/internal/spawn.h"
#include "net/internal/web_socket_session.h"

namespace parley::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr int64_t kDrainMs = 2000;
constexpr size_t kDrainBytesMax = 64 * 1024 * 1024;
constexpr size_t kReadChunk = 16 * 1024;

std::string PeerOf(const asio::ip::tcp::socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return "unknown";
  return fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
}

std::string HttpDate() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[40];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return text;
}

// A field's value never ends its line (no response splitting).
std::string OneLine(std::string_view value) {
  std::string line(value);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

bool MayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<ServerState> state, IoThread& thread,
                               asio::ip::tcp::socket socket)
    : state_(std::move(state)),
      thread_(thread),
      stream_(std::move(socket)),
      deadline_(thread.io()),
      wake_(thread.io()),
      peer_(PeerOf(stream_.socket())) {}

HttpConnection::~HttpConnection() { state_->Remove(this); }

void HttpConnection::Start(bool admitted) {
  auto self = shared_from_this();
  Spawn(thread_, "http", Run(admitted), [self] { self->Close(); });
}

void HttpConnection::StopSoon() {
  keep_alive_ = false;
  if (phase_ == Phase::kIdle) Close();
}

void HttpConnection::Cut() { Close(); }

asio::awaitable<void> HttpConnection::Run(bool admitted) {
  if (!co_await Handshake()) co_return;
  if (!admitted) {
    HttpResponse busy = state_->service.OnBadRequest(
        503, fmt::format("the server has its limit of {} connections; try again later",
                         state_->config.connections_max));
    co_await RefuseAndClose(std::move(busy));
    co_return;
  }
  while (!state_->stopping && co_await ServeOne()) {
  }
}

asio::awaitable<bool> HttpConnection::Handshake() {
  if (!state_->tls) co_return true;
  stream_.UseTls(*state_->tls);
  ArmDeadline(state_->config.head_timeout_ms);
  const auto [error] =
      co_await stream_.tls()->async_handshake(asio::ssl::stream_base::server, kTuple);
  co_return !error;
}

asio::awaitable<bool> HttpConnection::ServeOne() {
  if (buffer_.size() == 0) {
    phase_ = Phase::kIdle;
    ArmDeadline(state_->config.keep_alive_timeout_ms);
    const auto [error, size] =
        co_await stream_.async_read_some(buffer_.prepare(kReadChunk), kTuple);
    if (error) co_return false;
    buffer_.commit(size);
  }
  phase_ = Phase::kReading;
  ArmDeadline(state_->config.head_timeout_ms);
  Parser parser;
  parser.header_limit(static_cast<uint32_t>(state_->config.head_bytes_max));
  parser.body_limit(boost::none);  // decided by the Service, from the head
  const auto [error, size] = co_await http::async_read_header(stream_, buffer_, parser, kTuple);
  if (error) co_return co_await RefuseBad(error);
  keep_alive_ = parser.get().keep_alive();
  http_1_1_ = parser.get().version() >= 11;
  is_head_ = parser.get().method() == http::verb::head;
  auto target = ParseTarget({parser.get().target().data(), parser.get().target().size()});
  if (!target) {
    HttpResponse refusal = state_->service.OnBadRequest(400, target.error().message);
    co_return co_await RefuseAndClose(std::move(refusal));
  }
  HttpRequest request = RequestOf(parser, *target);
  if (boost::beast::websocket::is_upgrade(parser.get())) {
    co_return co_await BecomeWebSocket(parser, std::move(request));
  }
  if (!co_await ReadBody(parser, request)) co_return false;
  co_return co_await Answer(std::move(request));
}

HttpRequest HttpConnection::RequestOf(const Parser& parser, const Target& target) const {
  HttpRequest request;
  const auto& head = parser.get();
  request.method = std::string(head.method_string());
  request.target = std::string(head.target());
  request.path = target.path;
  request.query = target.query;
  for (const auto& field : head) {
    request.headers.Add(std::string(field.name_string()), std::string(field.value()));
  }
  request.peer = peer_;
  request.tls = state_->tls.has_value();
  return request;
}

asio::awaitable<bool> HttpConnection::ReadBody(Parser& parser, HttpRequest& request) {
  Admission admission = state_->service.Admit(request);
  if (admission.refusal) co_return co_await RefuseAndClose(std::move(*admission.refusal));
  const size_t limit = admission.body_bytes_max;
  if (parser.content_length().value_or(0) > limit) {
    co_return co_await RefuseBad(http::make_error_code(http::error::body_limit));
  }
  parser.body_limit(limit);
  if (!parser.is_done() && EqualIgnoringCase(request.headers.Get("expect"), "100-continue")) {
    if (!co_await WriteAll("HTTP/1.1 100 Continue\r\n\r\n")) co_return false;
  }
  ArmDeadline(state_->config.body_timeout_ms);
  const auto [error, size] = co_await http::async_read(stream_, buffer_, parser, kTuple);
  if (error) co_return co_await RefuseBad(error);
  request.body = std::move(parser.get().body());
  co_return true;
}

asio::awaitable<bool> HttpConnection::Answer(HttpRequest request) {
  deadline_.cancel();
  phase_ = Phase::kAnswering;
  ++exchange_;
  answer_begun_ = answer_ended_ = chunked_ = false;
  on_gone_ = Task();
  WatchForGone();
  auto exchange =
      std::make_shared<HttpExchange>(weak_from_this(), thread_, exchange_, std::move(request));
  state_->service.OnRequest(std::move(exchange));
  while (phase_ == Phase::kAnswering) {
    if (!co_await WritePieces()) co_return false;
    if (answer_ended_ && pieces_.empty()) break;
    if (phase_ != Phase::kAnswering) co_return false;
    wake_.expires_at(std::chrono::steady_clock::time_point::max());
    co_await wake_.async_wait(kTuple);
  }
  if (phase_ != Phase::kAnswering) co_return false;
  on_gone_ = Task();
  phase_ = Phase::kReading;
  if (!keep_alive_ || state_->stopping) {
    co_await Drain();
    co_return false;
  }
  if (buffer_.size() == 0) buffer_ = boost::beast::flat_buffer();
  co_return true;
}

asio::awaitable<bool> HttpConnection::WritePieces() {
  while (!pieces_.empty()) {
    Piece piece = std::move(pieces_.front());
    pieces_.pop_front();
    const bool written = co_await WriteAll(piece.bytes);
    piece_bytes_ -= std::min(piece_bytes_, piece.bytes.size());
    if (!written) {
      Close();
      co_return false;
    }
    if (piece.on_sent) piece.on_sent();
  }
  deadline_.cancel();
  co_return true;
}

asio::awaitable<bool> HttpConnection::RefuseAndClose(HttpResponse response) {
  keep_alive_ = false;
  std::string bytes = HeadOf(response, false);
  if (!is_head_) bytes += response.body;
  if (co_await WriteAll(bytes)) co_await Drain();
  co_return false;
}

asio::awaitable<bool> HttpConnection::RefuseBad(error_code error) {
  static const auto& kParsing = http::make_error_code(http::error::bad_method).category();
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error.category() != kParsing) {
    co_return false;  // the client is gone, or was too slow and has been cut
  }
  int status = 400;
  std::string why = "malformed HTTP: " + error.message();
  if (error == http::error::header_limit) {
    status = 431;
    why = fmt::format("the request's head is over {} bytes", state_->config.head_bytes_max);
  } else if (error == http::error::body_limit) {
    status = 413;
    why = "the request's body is larger than this address takes";
  }
  HttpResponse refusal = state_->service.OnBadRequest(status, why);
  co_return co_await RefuseAndClose(std::move(refusal));
}

// Closing while the client still sends would reset the connection and lose our answer on its way.
asio::awaitable<void> HttpConnection::Drain() {
  error_code ignored;
  if (auto* tls = stream_.tls()) {
    ArmDeadline(kDrainMs);
    co_await tls->async_shutdown(kTuple);
    co_return;
  }
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  ArmDeadline(kDrainMs);
  std::string scratch(kReadChunk, '\0');
  for (size_t total = 0; total < kDrainBytesMax;) {
    const auto [error, size] = co_await stream_.async_read_some(asio::buffer(scratch), kTuple);
    if (error) co_return;
    total += size;
  }
}

asio::awaitable<bool> HttpConnection::WriteAll(std::string_view bytes) {
  while (!bytes.empty()) {
    ArmDeadline(state_->config.write_timeout_ms);
    const auto [error, size] =
        co_await stream_.async_write_some(asio::buffer(bytes.data(), bytes.size()), kTuple);
    if (error) co_return false;
    bytes.remove_prefix(size);
  }
  co_return true;
}

asio::awaitable<bool> HttpConnection::BecomeWebSocket(Parser& parser, HttpRequest request) {
  Upgrade upgrade = state_->service.OnUpgrade(request, thread_);
  if (!upgrade.listener) co_return co_await RefuseAndClose(std::move(upgrade.refusal));
  if (buffer_.size() != 0) {
    HttpResponse refusal =
        state_->service.OnBadRequest(400, "bytes came before the upgrade was answered");
    co_return co_await RefuseAndClose(std::move(refusal));
  }
  deadline_.cancel();
  auto session =
      std::make_shared<WebSocketSession>(state_, thread_, std::move(stream_), std::move(upgrade));
  phase_ = Phase::kClosed;
  state_->Replace(this, session);
  session->Start(parser.release());
  co_return false;
}

std::string HttpConnection::HeadOf(const HttpResponse& response, bool streamed) const {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nServer: parley\r\nDate: {}\r\n",
                                 response.status, ReasonPhrase(response.status), HttpDate());
  for (const auto& [name, value] : response.headers) {
    head += fmt::format("{}: {}\r\n", OneLine(name), OneLine(value));
  }
  if (streamed) {
    if (chunked_) head += "Transfer-Encoding: chunked\r\n";
  } else if (MayHaveBody(response.status)) {
    head += fmt::format("Content-Length: {}\r\n", response.body.size());
  }
  if (!keep_alive_ || state_->stopping) {
    head += "Connection: close\r\n";
  } else if (!http_1_1_) {
    head += "Connection: keep-alive\r\n";
  }
  return head + "\r\n";
}

bool HttpConnection::IsCurrent(uint64_t exchange) const {
  return phase_ == Phase::kAnswering && exchange == exchange_ && !answer_ended_;
}

void HttpConnection::Queue(std::string bytes, Task on_sent) {
  piece_bytes_ += bytes.size();
  pieces_.push_back({std::move(bytes), std::move(on_sent)});
  wake_.cancel();
}

void HttpConnection::Respond(uint64_t exchange, HttpResponse response) {
  if (!IsCurrent(exchange) || answer_begun_) return;
  answer_begun_ = answer_ended_ = true;
  Queue(HeadOf(response, false), Task());
  if (!is_head_ && MayHaveBody(response.status) && !response.body.empty()) {
    Queue(std::move(response.body), Task());
  }
}

void HttpConnection::StartStream(uint64_t exchange, HttpResponse head) {
  if (!IsCurrent(exchange) || answer_begun_) return;
  answer_begun_ = true;
  chunked_ = http_1_1_;
  if (!chunked_) keep_alive_ = false;  // HTTP/1.0 ends a body of unknown length by closing
  Queue(HeadOf(head, true), Task());
  Write(exchange, std::move(head.body), Task());
}

void HttpConnection::Write(uint64_t exchange, std::string piece, Task on_sent) {
  if (!IsCurrent(exchange) || !answer_begun_) return;
  if (is_head_) piece.clear();
  if (piece_bytes_ + piece.size() > state_->config.stream_queue_bytes_max) {
    log::Warn("http_stream_too_slow peer={} queued_bytes={} queued_bytes_max={}", peer_,
              piece_bytes_, state_->config.stream_queue_bytes_max);
    Close();
    return;
  }
  if (chunked_ && !piece.empty()) {  // an empty chunk would end the body
    piece = fmt::format("{:x}\r\n", piece.size()) + piece + "\r\n";
  }
  Queue(std::move(piece), std::move(on_sent));
}

void HttpConnection::End(uint64_t exchange) {
  if (!IsCurrent(exchange) || !answer_begun_) return;
  answer_ended_ = true;
  Queue(chunked_ && !is_head_ ? "0\r\n\r\n" : "", Task());
}

void HttpConnection::Abort(uint64_t exchange) {
  if (IsCurrent(exchange)) Close();
}

void HttpConnection::Abandon(uint64_t exchange) {
  if (!IsCurrent(exchange)) return;
  if (answer_begun_) {
    Close();
    return;
  }
  log::Error("http_request_unanswered peer={}", peer_);
  Respond(exchange, state_->service.OnBadRequest(500, "the request was not answered"));
}

void HttpConnection::OnGone(uint64_t exchange, Task task) {
  if (exchange == exchange_ && phase_ == Phase::kAnswering) {
    if (!answer_ended_ || !pieces_.empty()) on_gone_ = std::move(task);
  } else if (exchange == exchange_ && phase_ == Phase::kClosed && !answer_ended_ && task) {
    task();
  }
}

void HttpConnection::ArmDeadline(int64_t in_ms) {
  deadline_.expires_after(std::chrono::milliseconds(in_ms));
  deadline_.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    // An expired wait cannot be cancelled any more: look at the clock again.
    if (error || !self || self->deadline_.expiry() > std::chrono::steady_clock::now()) return;
    self->Close();
  });
}

// While an answer is being made nothing is read; a client that goes is seen by readiness alone.
void HttpConnection::WatchForGone() {
  stream_.socket().async_wait(
      asio::ip::tcp::socket::wait_read,
      [weak = weak_from_this(), exchange = exchange_](const error_code& error) {
        const auto self = weak.lock();
        if (error || !self || !self->IsCurrent(exchange)) return;
        char byte = 0;
        const ssize_t size =
            ::recv(self->stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) self->Close();
      });
}

void HttpConnection::Close() {
  if (phase_ == Phase::kClosed) return;
  const bool answering = phase_ == Phase::kAnswering;
  phase_ = Phase::kClosed;
  deadline_.cancel();
  stream_.Close();
  pieces_.clear();
  piece_bytes_ = 0;
  wake_.cancel();
  if (answering && on_gone_) {
    Task task = std::move(on_gone_);
    on_gone_ = Task();
    task();
  }
}

}  // namespace parley::net
