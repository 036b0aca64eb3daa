#include "net/internal/dial.h"

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace parley::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

Result<std::shared_ptr<asio::ssl::context>> MakeTls(const TlsTrust& trust) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  if (!trust.verify) return context;
  error_code error;
  if (trust.ca_file.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(trust.ca_file, error);
  }
  if (error) {
    return Fail(Code::kInvalidArgument, fmt::format("tls: cannot read certificates from \"{}\": {}",
                                                    trust.ca_file, error.message()));
  }
  context->set_verify_mode(asio::ssl::verify_peer);
  return context;
}

}  // namespace

asio::awaitable<Result<Dialled>> Dial(const Url& url, const TlsTrust& trust) {
  const auto executor = co_await asio::this_coro::executor;
  const auto unavailable = [&url](const char* what, const error_code& error) {
    return Fail(Code::kUnavailable,
                fmt::format("cannot {} {}:{}: {}", what, url.host, url.port, error.message()));
  };
  tcp::resolver resolver(executor);
  const auto [no_name, addresses] =
      co_await resolver.async_resolve(url.host, std::to_string(url.port), kTuple);
  if (no_name) co_return unavailable("find", no_name);
  tcp::socket socket(executor);
  const auto [no_peer, endpoint] = co_await asio::async_connect(socket, addresses, kTuple);
  if (no_peer) co_return unavailable("connect to", no_peer);
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  Dialled dialled{nullptr, AnyStream(std::move(socket))};
  if (url.tls()) {
    auto tls = MakeTls(trust);
    if (!tls) co_return Fail(tls.error());
    dialled.tls = *tls;
    dialled.stream.UseTls(*dialled.tls);
    auto* layer = dialled.stream.tls();
    SSL_set_tlsext_host_name(layer->native_handle(), url.host.c_str());
    if (trust.verify) {
      layer->set_verify_callback(asio::ssl::host_name_verification(url.host), ignored);
    }
    const auto [refused] = co_await layer->async_handshake(asio::ssl::stream_base::client, kTuple);
    if (refused) co_return unavailable("agree on TLS with", refused);
  }
  co_return Result<Dialled>(std::move(dialled));
}

}  // namespace parley::net
