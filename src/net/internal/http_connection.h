// One accepted socket speaking HTTP: reads a request, lets the Service answer, writes the answer,
// and so on until one side has enough or the connection becomes a WebSocket. One sequence: its io
// thread.
//
//   handshake → head → body → answering → head …      (any → closed)
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <deque>
#include <memory>
#include <string>

#include "net/internal/any_stream.h"
#include "net/internal/io_thread.h"
#include "net/internal/server_state.h"

namespace parley::net {

class HttpConnection final : public Connection,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<ServerState> state, IoThread& thread,
                 boost::asio::ip::tcp::socket socket);
  ~HttpConnection() override;

  // Runs it. `admitted` false: answers 503 and closes.
  void Start(bool admitted);

  Executor& home() override { return thread_; }
  void StopSoon() override;
  void Cut() override;

  // Of the exchange of that number, on this thread; ignored when it is not the one under way.
  void Respond(uint64_t exchange, HttpResponse response);
  void StartStream(uint64_t exchange, HttpResponse head);
  void Write(uint64_t exchange, std::string piece, Task on_sent);
  void End(uint64_t exchange);
  void Abort(uint64_t exchange);
  void OnGone(uint64_t exchange, Task task);
  // Nobody holds the exchange any more.
  void Abandon(uint64_t exchange);

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  enum class Phase { kIdle, kReading, kAnswering, kClosed };
  struct Piece {
    std::string bytes;
    Task on_sent;
  };

  boost::asio::awaitable<void> Run(bool admitted);
  boost::asio::awaitable<bool> Handshake();
  // False when the connection ends here.
  boost::asio::awaitable<bool> ServeOne();
  boost::asio::awaitable<bool> ReadBody(Parser& parser, HttpRequest& request);
  boost::asio::awaitable<bool> Answer(HttpRequest request);
  boost::asio::awaitable<bool> RefuseAndClose(HttpResponse response);
  boost::asio::awaitable<bool> RefuseBad(boost::system::error_code error);
  boost::asio::awaitable<void> Drain();
  // The bytes stay the caller's until it returns.
  boost::asio::awaitable<bool> WriteAll(std::string_view bytes);
  boost::asio::awaitable<bool> WritePieces();
  boost::asio::awaitable<bool> BecomeWebSocket(Parser& parser, HttpRequest request);

  HttpRequest RequestOf(const Parser& parser, const Target& target) const;
  std::string HeadOf(const HttpResponse& response, bool chunked) const;
  void ArmDeadline(int64_t in_ms);
  void WatchForGone();
  void Queue(std::string bytes, Task on_sent);
  bool IsCurrent(uint64_t exchange) const;
  void Close();

  const std::shared_ptr<ServerState> state_;
  IoThread& thread_;
  AnyStream stream_;
  boost::beast::flat_buffer buffer_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer wake_;  // the answering loop waits on it for pieces
  std::string peer_;

  Phase phase_ = Phase::kIdle;
  bool keep_alive_ = false;
  // Of the request under way.
  bool http_1_1_ = true;
  bool is_head_ = false;
  uint64_t exchange_ = 0;  // counts up
  bool answer_begun_ = false;
  bool answer_ended_ = false;
  bool chunked_ = false;
  std::deque<Piece> pieces_;
  size_t piece_bytes_ = 0;
  Task on_gone_;
};

}  // namespace parley::net
