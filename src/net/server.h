// The HTTP/1.1 and WebSocket server. It owns sockets, parsing, time limits and back-pressure; what
// requests mean is the Service's. Each connection lives on one io thread (net/io_threads.h); all
// calls into the Service, its listeners and exchanges' callbacks come on that thread.
//
//   accept → TLS → head → Service::Admit → body → Service::OnRequest → Exchange → next request
//                     └── upgrade → Service::OnUpgrade → WebSocket until it is closed
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/executor.h"
#include "net/http.h"
#include "net/io_threads.h"
#include "net/tls.h"

namespace parley::net {

// One request and the one answer to it. Thread-safe. Whoever holds it owes an answer: dropped
// without one, the client gets status 500.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const HttpRequest& request() const = 0;  // immutable
  virtual Executor& executor() = 0;

  // The whole answer. Only the first of Respond and StartStream counts.
  virtual void Respond(HttpResponse response) = 0;

  // Begins an answer whose body comes in pieces; `head.body` is its first piece.
  virtual void StartStream(HttpResponse head) = 0;
  // `on_sent` (may be empty) runs on the executor once the bytes are with the kernel: feed the
  // producer from it, and no more waits here than the producer allows. Past the server's
  // stream_queue_bytes_max the connection is closed. After the client has gone it is not called.
  virtual void Write(std::string piece, Task on_sent) = 0;
  virtual void End() = 0;
  // Breaks the connection, so that the client sees that the body is not whole.
  virtual void Abort() = 0;

  // `task` runs on the executor if the client goes before the answer has left (at once if it has).
  // One task; a later call replaces it.
  virtual void OnGone(Task task) = 0;
};

// Close codes of RFC 6455 §7.4.1.
enum class CloseCode : uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupported = 1003,
  kNoStatus = 1005,
  kAbnormal = 1006,
  kBadPayload = 1007,
  kPolicy = 1008,
  kTooBig = 1009,
  kInternalError = 1011,
  kTryAgainLater = 1013,
};

// Sends to one client. Thread-safe. Messages keep their order.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  // False when it is closed, or was closed by this call because more than
  // web_socket_queue_bytes_max wait (policy: a client that reads too slowly is closed, with a
  // reason; nothing is dropped silently).
  virtual bool SendText(std::string message) = 0;
  virtual bool SendBinary(std::string message) = 0;
  // Sends what waits, then the close frame. The reason is cut at 123 bytes.
  virtual void Close(CloseCode code, std::string reason) = 0;
  virtual size_t queued_bytes() const = 0;
  virtual Executor& executor() = 0;
};

// The receiving side. One sequence: the connection's io thread. Destroyed there, after OnClosed.
class WebSocketListener {
 public:
  virtual ~WebSocketListener() = default;
  virtual void OnOpen(std::shared_ptr<WebSocket> socket) = 0;
  virtual void OnText(std::string_view message) = 0;
  virtual void OnBinary(std::span<const uint8_t> message) = 0;
  // Once, as the last call. `code` is 1006 when the peer went without a close frame.
  virtual void OnClosed(uint16_t code, std::string_view reason) = 0;
};

// What a Service says about a request whose head has arrived.
struct Admission {
  size_t body_bytes_max = 0;
  std::optional<HttpResponse> refusal;  // answered without reading the body
};

// What a Service says to an upgrade request: a listener, or a refusal.
struct Upgrade {
  std::unique_ptr<WebSocketListener> listener;
  std::string subprotocol;  // selected from the client's offer; empty: none
  HttpResponse refusal;     // when there is no listener
};

// What the server serves. Called on any io thread, several at once.
class Service {
 public:
  virtual ~Service() = default;
  virtual Admission Admit(const HttpRequest& head) = 0;
  virtual void OnRequest(std::shared_ptr<Exchange> exchange) = 0;
  virtual Upgrade OnUpgrade(const HttpRequest& request, Executor& executor) = 0;
  // A request that never reached Admit: malformed, too big, too late. The body of the answer.
  virtual HttpResponse OnBadRequest(int status, std::string_view why) = 0;
};

struct ServerConfig {
  std::string address = "127.0.0.1";  // an IP address, or "localhost"
  uint16_t port = 0;                  // 0: a free one
  TlsConfig tls;
  int connections_max = 1024;  // over it: 503 and closed
  size_t head_bytes_max = 16 * 1024;
  int head_timeout_ms = 10'000;        // for TLS handshake, and for a whole head once begun
  int body_timeout_ms = 60'000;        // for a whole body
  int keep_alive_timeout_ms = 30'000;  // between requests
  int write_timeout_ms = 30'000;       // without any progress of a write
  size_t stream_queue_bytes_max = 4 * 1024 * 1024;
  size_t web_socket_message_bytes_max = 17 * 1024 * 1024;  // 15 MiB of audio text and its envelope
  size_t web_socket_queue_bytes_max = 16 * 1024 * 1024;
  int web_socket_silence_timeout_ms = 60'000;  // no byte, not even a pong (asked for at half of it)
  int web_socket_idle_timeout_ms = 0;          // no message from the client; 0: never

  Status Validate() const;
};

// Thread-safe.
class Server {
 public:
  struct Stats {
    int connections = 0;
    int web_sockets = 0;
    uint64_t accepted = 0;
    uint64_t refused = 0;  // over connections_max
  };

  // Listens when it returns. `service` and `threads` outlive the server. kUnavailable with a way
  // out when the port is taken, kPermissionDenied when it may not be bound.
  static Result<std::unique_ptr<Server>> Start(const ServerConfig& config, Service& service,
                                               IoThreads& threads);
  // Stops without grace if Stop was not called.
  ~Server();

  uint16_t port() const;
  // "http://127.0.0.1:8080": what a client on this machine types.
  std::string base_url() const;
  Stats stats() const;

  // Takes no more connections; idle ones close, WebSockets get 1001, answers under way may end
  // until `grace_ms` have passed, then they are cut. Returns when all are gone. Not from an io
  // thread.
  void Stop(int64_t grace_ms);

 private:
  class Impl;
  explicit Server(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace parley::net
