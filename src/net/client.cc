#include "net/client.h"

#include <spdlog/fmt/fmt.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <optional>

#include "net/internal/dial.h"

namespace parley::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr size_t kPieceBytes = 64 * 1024;

using OnPiece = std::function<bool(std::string_view)>;

http::request<http::string_body> RequestOf(const HttpCall& call, const Url& url) {
  http::request<http::string_body> request;
  request.version(11);
  request.method_string(call.method);
  request.target(url.target);
  request.set(http::field::host, url.Authority());
  request.set(http::field::user_agent, "parley");
  request.set(http::field::connection, "close");
  for (const auto& [name, value] : call.headers) request.insert(name, value);
  request.body() = call.body;
  if (!call.body.empty() || call.method == "POST" || call.method == "PUT") {
    request.content_length(call.body.size());
  }
  return request;
}

Error ReadError(const HttpCall& call, const error_code& error) {
  if (error == http::error::partial_message || error == http::error::end_of_stream) {
    return {Code::kDataLoss, fmt::format("{} {}: the answer was cut off", call.method, call.url)};
  }
  if (error == http::error::body_limit) {
    return {Code::kOutOfRange, fmt::format("{} {}: the answer is over {} bytes", call.method,
                                           call.url, call.body_bytes_max)};
  }
  return {Code::kUnavailable,
          fmt::format("{} {}: no answer: {}", call.method, call.url, error.message())};
}

asio::awaitable<Result<HttpResponse>> Exchange(const HttpCall& call, const Url& url,
                                               const OnPiece& on_piece) {
  auto dialled = co_await Dial(url, call.trust);
  if (!dialled) co_return Fail(dialled.error());
  AnyStream& stream = dialled->stream;
  const auto request = RequestOf(call, url);
  // A server may refuse a large body before it has all of it: its answer counts, not our error.
  const auto [write_error, written] = co_await http::async_write(stream, request, kTuple);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(call.body_bytes_max);
  parser.skip(call.method == "HEAD");
  const auto [head_error, head_size] =
      co_await http::async_read_header(stream, buffer, parser, kTuple);
  if (head_error) co_return Fail(ReadError(call, write_error ? write_error : head_error));
  HttpResponse response;
  response.status = static_cast<int>(parser.get().result_int());
  for (const auto& field : parser.get()) {
    response.headers.Add(std::string(field.name_string()), std::string(field.value()));
  }
  const bool in_pieces = on_piece && response.status / 100 == 2;
  std::string piece(kPieceBytes, '\0');
  while (!parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    const auto [error, size] = co_await http::async_read_some(stream, buffer, parser, kTuple);
    if (error && error != http::error::need_buffer) co_return Fail(ReadError(call, error));
    const std::string_view got(piece.data(), piece.size() - parser.get().body().size);
    if (!in_pieces) {
      response.body += got;
    } else if (!got.empty() && !on_piece(got)) {
      co_return Fail(Code::kCancelled, fmt::format("{} {}: stopped", call.method, call.url));
    }
  }
  co_return response;
}

}  // namespace

Result<HttpResponse> FetchInPieces(const HttpCall& call, const OnPiece& on_piece) {
  PARLEY_TRY(const Url url, ParseUrl(call.url));
  asio::io_context io(1);
  std::optional<Result<HttpResponse>> outcome;
  asio::co_spawn(io, Exchange(call, url, on_piece),
                 [&](std::exception_ptr thrown, Result<HttpResponse> response) {
                   if (thrown) {
                     outcome = Fail(Code::kInternal, "the HTTP client threw");
                   } else {
                     outcome = std::move(response);
                   }
                 });
  io.run_for(std::chrono::milliseconds(call.timeout_ms));
  if (!outcome) {
    return Fail(Code::kDeadlineExceeded, fmt::format("{} {}: no whole answer within {} ms",
                                                     call.method, call.url, call.timeout_ms));
  }
  return std::move(*outcome);
}

Result<HttpResponse> Fetch(const HttpCall& call) { return FetchInPieces(call, nullptr); }

}  // namespace parley::net
