// How a client gets a stream to a URL: resolve, connect, TLS.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "net/client.h"
#include "net/internal/any_stream.h"

namespace parley::net {

struct Dialled {
  std::shared_ptr<boost::asio::ssl::context> tls;  // lives as long as the stream
  AnyStream stream;
};

// kUnavailable, naming the address. The deadline is the caller's: it stops the io_context.
boost::asio::awaitable<Result<Dialled>> Dial(const Url& url, const TlsTrust& trust);

}  // namespace parley::net
