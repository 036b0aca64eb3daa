// The client's side of HTTP and WebSocket, for the CLI, the bench and tests. A fetch runs on the
// calling thread; a WebSocket has one thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace parley::net {

// Whom to believe when the scheme is https or wss.
struct TlsTrust {
  bool verify = true;   // false: any certificate, for a self-signed development server
  std::string ca_file;  // PEM; empty: the system's
};

struct HttpCall {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  int64_t timeout_ms = 30'000;  // for the whole exchange
  size_t body_bytes_max = 64 * 1024 * 1024;
  TlsTrust trust;
};

// Any status is a success here. kUnavailable when nobody answers (naming the address),
// kDeadlineExceeded, kOutOfRange for a body over the limit, kDataLoss for one cut off.
Result<HttpResponse> Fetch(const HttpCall& call);

// The body in pieces as they come; the response returned has none. `on_piece` ends the exchange by
// returning false (then kCancelled). A body whose status is not 2xx is returned whole instead.
Result<HttpResponse> FetchInPieces(const HttpCall& call,
                                   const std::function<bool(std::string_view)>& on_piece);

// Thread-safe. Pings are answered whatever the owner does.
class WebSocketClient {
 public:
  struct Options {
    std::string url;  // ws, wss (http and https mean the same)
    Headers headers;
    std::vector<std::string> subprotocols;
    int64_t timeout_ms = 10'000;  // to connect
    size_t message_bytes_max = 32 * 1024 * 1024;
    size_t inbox_messages_max = 4096;  // then reading waits, and TCP makes the server wait
    TlsTrust trust;
  };
  struct Message {
    std::string bytes;
    bool binary = false;
  };

  // kUnavailable when nobody answers; kUnauthenticated for status 401, kPermissionDenied for 403,
  // kFailedPrecondition for another answer than an upgrade, with the body in the message.
  static Result<std::unique_ptr<WebSocketClient>> Connect(const Options& options);
  // Closes at once.
  ~WebSocketClient();

  // False when the socket is closed.
  bool SendText(std::string message);
  bool SendBinary(std::string message);
  // Bytes given to Send that have not left yet.
  size_t queued_bytes() const;

  // The next message. kDeadlineExceeded when none comes in time; kUnavailable "closed: 1001 …" when
  // the socket is closed and all messages were taken.
  Result<Message> Receive(int64_t timeout_ms);

  // Sends what waits and the close frame, waits up to 2 s for the peer's. What came may still be
  // received.
  void Close(uint16_t code = 1000, std::string_view reason = "");

  bool is_open() const;
  uint16_t close_code() const;  // the peer's, 1006 without one; 0 while open
  const std::string& subprotocol() const;

 private:
  class Impl;
  explicit WebSocketClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::net
