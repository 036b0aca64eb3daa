#include "net/server.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <spdlog/fmt/fmt.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>

#include "base/log.h"
#include "net/internal/http_connection.h"
#include "net/internal/server_state.h"

namespace parley::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptRetry(100);
constexpr int64_t kCutMs = 5000;

Result<asio::ssl::context> MakeTls(const TlsConfig& config) {
  asio::ssl::context context(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  error_code error;
  if (config.self_signed) {
    PARLEY_TRY(const TlsCredentials made, MakeSelfSigned());
    context.use_certificate_chain(asio::buffer(made.cert_pem), error);
    if (!error) context.use_private_key(asio::buffer(made.key_pem), asio::ssl::context::pem, error);
    if (error) return Fail(Code::kInternal, "tls: the certificate made was refused");
    return context;
  }
  context.use_certificate_chain_file(config.cert_file, error);
  if (error) {
    return Fail(Code::kInvalidArgument,
                fmt::format("tls: cannot use cert_file {}: {}; a PEM certificate chain is needed",
                            config.cert_file, error.message()));
  }
  context.use_private_key_file(config.key_file, asio::ssl::context::pem, error);
  if (error) {
    return Fail(Code::kInvalidArgument,
                fmt::format("tls: cannot use key_file {}: {}; the PEM key that belongs to "
                            "cert_file is needed",
                            config.key_file, error.message()));
  }
  return context;
}

Result<tcp::acceptor> Listen(const ServerConfig& config, asio::io_context& io) {
  error_code error;
  const std::string literal = config.address == "localhost" ? "127.0.0.1" : config.address;
  const auto address = asio::ip::make_address(literal, error);
  if (error) {
    return Fail(Code::kInvalidArgument,
                fmt::format("cannot listen on \"{}\": not an IP address; give e.g. 127.0.0.1, "
                            "0.0.0.0 or ::1",
                            config.address));
  }
  const tcp::endpoint endpoint(address, config.port);
  tcp::acceptor acceptor(io);
  acceptor.open(endpoint.protocol(), error);
  if (!error) ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) return acceptor;
  const std::string where = fmt::format("{}:{}", config.address, config.port);
  if (error == asio::error::address_in_use) {
    return Fail(Code::kUnavailable,
                fmt::format("cannot listen on {}: port {} is taken by another process. See which "
                            "with `ss -ltnp 'sport = :{}'`, or choose another with --port (0 takes "
                            "a free one)",
                            where, config.port, config.port));
  }
  if (error == asio::error::access_denied) {
    return Fail(Code::kPermissionDenied,
                fmt::format("cannot listen on {}: ports below 1024 need a privilege. Choose "
                            "another with --port",
                            where));
  }
  return Fail(Code::kUnavailable, fmt::format("cannot listen on {}: {}", where, error.message()));
}

}  // namespace

Status ServerConfig::Validate() const {
  struct Limit {
    const char* name;
    int64_t value, min, max;
  };
  const Limit limits[] = {
      {"connections_max", connections_max, 1, 100'000},
      {"head_bytes_max", static_cast<int64_t>(head_bytes_max), 1024, 1 << 20},
      {"head_timeout_ms", head_timeout_ms, 1, 3'600'000},
      {"body_timeout_ms", body_timeout_ms, 1, 3'600'000},
      {"keep_alive_timeout_ms", keep_alive_timeout_ms, 1, 3'600'000},
      {"write_timeout_ms", write_timeout_ms, 1, 3'600'000},
      {"web_socket_silence_timeout_ms", web_socket_silence_timeout_ms, 1000, 3'600'000},
      {"web_socket_idle_timeout_ms", web_socket_idle_timeout_ms, 0, 86'400'000},
      {"web_socket_message_bytes_max", static_cast<int64_t>(web_socket_message_bytes_max), 1024,
       int64_t{1} << 30},
      {"web_socket_queue_bytes_max", static_cast<int64_t>(web_socket_queue_bytes_max), 1024,
       int64_t{1} << 30},
      {"stream_queue_bytes_max", static_cast<int64_t>(stream_queue_bytes_max), 1024,
       int64_t{1} << 30},
  };
  for (const Limit& limit : limits) {
    if (limit.value < limit.min || limit.value > limit.max) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("server: {} is {}, must be {} to {}", limit.name, limit.value,
                              limit.min, limit.max));
    }
  }
  return tls.Validate();
}

class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
 public:
  Impl(std::shared_ptr<ServerState> state, IoThreads& threads, tcp::acceptor acceptor)
      : state_(std::move(state)),
        threads_(threads),
        acceptor_(std::move(acceptor)),
        retry_(threads.thread(0).io()),
        port_(acceptor_.local_endpoint().port()) {}

  void Accept() {
    IoThread& thread = threads_.thread(next_++ % threads_.size());
    acceptor_.async_accept(
        thread.io(), [self = shared_from_this(), &thread](error_code error, tcp::socket socket) {
          self->OnAccepted(thread, error, std::move(socket));
        });
  }

  void Stop(int64_t grace_ms) {
    if (stopped_.exchange(true)) return;
    state_->stopping = true;
    std::promise<void> closed;
    threads_.at(0).Post([this, &closed] {
      error_code ignored;
      acceptor_.close(ignored);
      retry_.cancel();
      closed.set_value();
    });
    closed.get_future().wait();
    state_->ForEach(&Connection::StopSoon);
    if (state_->WaitUntilEmpty(grace_ms)) return;
    state_->ForEach(&Connection::Cut);
    if (!state_->WaitUntilEmpty(kCutMs)) {
      log::Error("server_stop_incomplete connections={}", state_->connection_count());
    }
  }

  const ServerState& state() const { return *state_; }
  uint16_t port() const { return port_; }

 private:
  void OnAccepted(IoThread& thread, error_code error, tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (error) {
      // Out of descriptors, most likely: some will come back.
      log::Warn("accept_failed why=\"{}\"", error.message());
      retry_.expires_after(kAcceptRetry);
      retry_.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled && self->acceptor_.is_open()) self->Accept();
      });
      return;
    }
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto connection = std::make_shared<HttpConnection>(state_, thread, std::move(socket));
    const bool admitted = state_->Add(connection);
    ++(admitted ? state_->accepted : state_->refused);
    thread.Post([connection = std::move(connection), admitted] { connection->Start(admitted); });
    Accept();
  }

  const std::shared_ptr<ServerState> state_;
  IoThreads& threads_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  const uint16_t port_;
  size_t next_ = 0;
  std::atomic<bool> stopped_ = false;
};

Result<std::unique_ptr<Server>> Server::Start(const ServerConfig& config, Service& service,
                                              IoThreads& threads) {
  PARLEY_TRY_STATUS(config.Validate());
  auto state = std::make_shared<ServerState>(config, service);
  if (config.tls.enabled()) {
    PARLEY_TRY(state->tls, MakeTls(config.tls));
  }
  PARLEY_TRY(tcp::acceptor acceptor, Listen(config, threads.thread(0).io()));
  auto impl = std::make_shared<Impl>(std::move(state), threads, std::move(acceptor));
  threads.at(0).Post([impl] { impl->Accept(); });
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { impl_->Stop(0); }

uint16_t Server::port() const { return impl_->port(); }

std::string Server::base_url() const {
  const ServerConfig& config = impl_->state().config;
  std::string host = config.address;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return fmt::format("{}://{}:{}", config.tls.enabled() ? "https" : "http", host, port());
}

Server::Stats Server::stats() const {
  const ServerState& state = impl_->state();
  return {.connections = state.connection_count(),
          .web_sockets = state.web_sockets.load(),
          .accepted = state.accepted.load(),
          .refused = state.refused.load()};
}

void Server::Stop(int64_t grace_ms) { impl_->Stop(grace_ms); }

}  // namespace parley::net
