// A TCP socket with or without TLS behind one type, so that HTTP and WebSocket are compiled once.
// Satisfies asio's AsyncReadStream and AsyncWriteStream and what Beast's WebSocket asks of a
// stream.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace parley::net {

class AnyStream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using executor_type = Socket::executor_type;

  explicit AnyStream(Socket socket) : layers_(std::make_unique<Layers>(std::move(socket))) {}

  // From here on everything is encrypted; the handshake comes next.
  void UseTls(boost::asio::ssl::context& context) {
    layers_->tls.emplace(layers_->socket, context);
  }
  boost::asio::ssl::stream<Socket&>* tls() { return layers_->tls ? &*layers_->tls : nullptr; }
  Socket& socket() { return layers_->socket; }
  const Socket& socket() const { return layers_->socket; }
  executor_type get_executor() { return layers_->socket.get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    if (layers_->tls) return layers_->tls->async_read_some(buffers, std::forward<Token>(token));
    return layers_->socket.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    if (layers_->tls) return layers_->tls->async_write_some(buffers, std::forward<Token>(token));
    return layers_->socket.async_write_some(buffers, std::forward<Token>(token));
  }

  void Close() {
    boost::system::error_code ignored;
    layers_->socket.close(ignored);
  }

 private:
  struct Layers {
    explicit Layers(Socket own) : socket(std::move(own)) {}
    Socket socket;
    std::optional<boost::asio::ssl::stream<Socket&>> tls;
  };
  std::unique_ptr<Layers> layers_;
};

// Beast's hooks, found by argument. After the close frames nothing is left to say, so TLS ends with
// its socket.
inline void beast_close_socket(AnyStream& stream) { stream.Close(); }

inline void teardown(boost::beast::role_type role, AnyStream& stream,
                     boost::system::error_code& error) {
  boost::beast::websocket::teardown(role, stream.socket(), error);
}

// Beast drains until the peer closes too. A peer that never does gets this long.
inline constexpr std::chrono::milliseconds kTeardownTimeout(1000);

template <class Handler>
void async_teardown(boost::beast::role_type role, AnyStream& stream, Handler&& handler) {
  struct Watch {
    boost::asio::steady_timer timer;
    bool done = false;
  };
  auto watch = std::make_shared<Watch>(
      Watch{boost::asio::steady_timer(stream.get_executor(), kTeardownTimeout), false});
  watch->timer.async_wait([watch, &stream](const boost::system::error_code&) {
    if (!watch->done) stream.Close();
  });
  const auto executor = boost::asio::get_associated_executor(handler, stream.get_executor());
  boost::beast::websocket::async_teardown(
      role, stream.socket(),
      boost::asio::bind_executor(executor, [watch, handler = std::forward<Handler>(handler)](
                                               const boost::system::error_code& error) mutable {
        watch->done = true;
        watch->timer.cancel();
        handler(error);
      }));
}

}  // namespace parley::net
