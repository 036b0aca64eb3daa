#include "registry/internal/redis_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "base/clock.h"

namespace parley::registry {
namespace {

std::string Words(int error) { return std::generic_category().message(error); }

enum class Woken { kReady, kWake, kLate };

Woken WaitFor(int fd, short events, int64_t deadline_us, int wake_fd) {
  std::array<pollfd, 2> fds{pollfd{fd, events, 0}, pollfd{wake_fd, POLLIN, 0}};
  while (true) {
    const int64_t left_us = deadline_us - MonotonicUs();
    if (left_us <= 0) return Woken::kLate;
    // Rounded up, so that the last part of a millisecond is not spun away.
    const int left_ms = static_cast<int>(std::min<int64_t>((left_us + 999) / 1000, 60'000));
    const int ready = ::poll(fds.data(), wake_fd >= 0 ? 2 : 1, left_ms);
    if (ready > 0) return (fds[1].revents & POLLIN) != 0 ? Woken::kWake : Woken::kReady;
  }
}

Status ConnectTo(int fd, const sockaddr* to, socklen_t size, int64_t deadline_us) {
  if (::connect(fd, to, size) == 0) return {};
  if (errno != EINPROGRESS && errno != EAGAIN) return Fail(Code::kUnavailable, Words(errno));
  if (WaitFor(fd, POLLOUT, deadline_us, -1) == Woken::kLate) {
    return Fail(Code::kDeadlineExceeded, "no answer in time");
  }
  int error = 0;
  socklen_t length = sizeof(error);
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return Fail(Code::kUnavailable, Words(error));
  return {};
}

Result<UniqueFd> ConnectUnix(const std::string& path, int64_t deadline_us) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), std::min(path.size(), sizeof(name.sun_path) - 1));
  PARLEY_TRY_STATUS(
      ConnectTo(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name), deadline_us));
  return fd;
}

Result<UniqueFd> ConnectTcp(const RedisAddress& address, int64_t deadline_us) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found)) {
    return Fail(Code::kUnavailable, ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, &::freeaddrinfo);
  Error last{Code::kUnavailable, "it has no address"};
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    UniqueFd fd(::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    auto connected = ConnectTo(fd.get(), one->ai_addr, one->ai_addrlen, deadline_us);
    if (connected) return fd;
    last = std::move(connected.error());
  }
  return Fail(std::move(last));
}

std::string TlsWords() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

bool IsIpAddress(const std::string& host) {
  return host.find(':') != std::string::npos ||
         host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

int64_t MonotonicUs() { return SteadyClock().NowUs(); }

void RedisSocket::FreeSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }
void RedisSocket::FreeSsl::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

Result<RedisSocket> RedisSocket::Connect(const RedisAddress& address, const RedisConfig& config,
                                         int64_t deadline_us) {
  auto fd = address.unix_path.empty() ? ConnectTcp(address, deadline_us)
                                      : ConnectUnix(address.unix_path, deadline_us);
  if (!fd) {
    return Fail(fd.error().code, "Redis at " + address.Words() + ": " + fd.error().message);
  }
  RedisSocket socket(std::move(*fd));
  if (address.tls) PARLEY_TRY_STATUS(socket.Encrypt(address, config, deadline_us));
  return socket;
}

Status RedisSocket::Encrypt(const RedisAddress& address, const RedisConfig& config,
                            int64_t deadline_us) {
  const auto refuse = [&](std::string_view what) {
    return Fail(Code::kUnauthenticated,
                "Redis at " + address.Words() + ": " + std::string(what) + ": " + TlsWords());
  };
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  const bool trusts =
      config.ca_file.empty()
          ? SSL_CTX_set_default_verify_paths(context_.get()) == 1
          : SSL_CTX_load_verify_locations(context_.get(), config.ca_file.c_str(), nullptr) == 1;
  if (!trusts) return refuse("reading redis.ca_file '" + config.ca_file + "'");
  if (!config.certificate_file.empty() &&
      (SSL_CTX_use_certificate_chain_file(context_.get(), config.certificate_file.c_str()) != 1 ||
       SSL_CTX_use_PrivateKey_file(context_.get(), config.key_file.c_str(), SSL_FILETYPE_PEM) !=
           1)) {
    return refuse("reading redis.certificate_file and redis.key_file");
  }
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_fd(ssl_.get(), fd_.get());
  X509_VERIFY_PARAM* const names = SSL_get0_param(ssl_.get());
  if (IsIpAddress(address.host)) {
    X509_VERIFY_PARAM_set1_ip_asc(names, address.host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl_.get(), address.host.c_str());
    X509_VERIFY_PARAM_set1_host(names, address.host.c_str(), 0);
  }
  while (true) {
    ERR_clear_error();
    const int result = SSL_connect(ssl_.get());
    if (result == 1) return {};
    const Attempt attempt = After(result, 0);
    if (attempt.events == 0) return refuse("the TLS handshake failed");
    if (WaitFor(fd_.get(), attempt.events, deadline_us, -1) == Woken::kLate) {
      return Fail(Code::kDeadlineExceeded,
                  "Redis at " + address.Words() + ": no TLS handshake in time");
    }
  }
}

RedisSocket::Attempt RedisSocket::After(long result, short events) const {
  if (result > 0) return {.count = result};
  if (!ssl_) return {.events = result < 0 && errno == EAGAIN ? events : short{0}};
  switch (SSL_get_error(ssl_.get(), static_cast<int>(result))) {
    case SSL_ERROR_WANT_READ:
      return {.events = POLLIN};
    case SSL_ERROR_WANT_WRITE:
      return {.events = POLLOUT};
    default:
      return {};
  }
}

Status RedisSocket::Write(std::string_view bytes, int64_t deadline_us) {
  while (!bytes.empty()) {
    ERR_clear_error();
    const long result = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                             : ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    const Attempt attempt = After(result, POLLOUT);
    if (attempt.count > 0) {
      bytes.remove_prefix(static_cast<size_t>(attempt.count));
    } else if (attempt.events == 0) {
      return Fail(Code::kUnavailable, "Redis has closed the connection");
    } else if (WaitFor(fd_.get(), attempt.events, deadline_us, -1) == Woken::kLate) {
      return Fail(Code::kDeadlineExceeded, "Redis takes nothing");
    }
  }
  return {};
}

Result<size_t> RedisSocket::Read(std::span<char> into, int64_t deadline_us, int wake_fd) {
  while (true) {
    ERR_clear_error();
    const long result = ssl_ ? SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()))
                             : ::recv(fd_.get(), into.data(), into.size(), 0);
    const Attempt attempt = After(result, POLLIN);
    if (attempt.count > 0) return static_cast<size_t>(attempt.count);
    if (attempt.events == 0) return Fail(Code::kUnavailable, "Redis has closed the connection");
    switch (WaitFor(fd_.get(), attempt.events, deadline_us, wake_fd)) {
      case Woken::kReady:
        break;
      case Woken::kWake:
        return size_t{0};
      case Woken::kLate:
        return Fail(Code::kDeadlineExceeded, "Redis does not answer");
    }
  }
}

}  // namespace parley::registry
