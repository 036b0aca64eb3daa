#include <spdlog/fmt/fmt.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.h"
#include "net/client.h"
#include "net/internal/dial.h"

namespace parley::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kCloseTimeout(2);
constexpr uint16_t kNoClose = 1006;

Error RefusalOf(const WebSocketClient::Options& options, const error_code& error,
                const http::response<http::string_body>& response) {
  if (error != websocket::error::upgrade_declined) {
    return {Code::kUnavailable,
            fmt::format("no WebSocket at {}: {}", options.url, error.message())};
  }
  const auto status = response.result_int();
  const Code code = status == 401   ? Code::kUnauthenticated
                    : status == 403 ? Code::kPermissionDenied
                                    : Code::kFailedPrecondition;
  return {code, fmt::format("{} answered status {}: {}", options.url, status, response.body())};
}

}  // namespace

class WebSocketClient::Impl {
 public:
  explicit Impl(Options options)
      : options_(std::move(options)), work_(io_.get_executor()), room_(io_) {}

  Status Open(const Url& url) {
    auto opened = std::make_shared<std::promise<Status>>();
    auto future = opened->get_future();
    asio::co_spawn(io_, Run(url, opened), [this](std::exception_ptr thrown) {
      if (thrown) log::Error("web_socket_client_threw");
      MarkClosed(kNoClose, "the connection broke");
    });
    thread_ = std::thread([this] { io_.run(); });
    if (future.wait_for(std::chrono::milliseconds(options_.timeout_ms)) ==
        std::future_status::timeout) {
      return Fail(Code::kDeadlineExceeded, fmt::format("no WebSocket at {} within {} ms",
                                                       options_.url, options_.timeout_ms));
    }
    return future.get();
  }

  void Stop() {
    work_.reset();
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  bool Send(Message message) {
    if (!open_) return false;
    queued_bytes_ += message.bytes.size();
    asio::post(io_, [this, message = std::move(message)]() mutable {
      outbox_.push_back(std::move(message));
      if (!writing_) WriteNext();
    });
    return true;
  }

  Result<Message> Receive(int64_t timeout_ms) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                      [&] { return !inbox_.empty() || close_code_ != 0; });
    if (inbox_.empty()) {
      if (close_code_ == 0) {
        return Fail(Code::kDeadlineExceeded, fmt::format("no message within {} ms", timeout_ms));
      }
      return Fail(Code::kUnavailable, fmt::format("closed: {} {}", close_code_, close_reason_));
    }
    Message message = std::move(inbox_.front());
    inbox_.pop_front();
    if (inbox_.size() + 1 == options_.inbox_messages_max) {
      asio::post(io_, [this] { room_.cancel(); });
    }
    return message;
  }

  void Close(uint16_t code, std::string reason) {
    if (!open_.exchange(false)) return;
    asio::post(io_, [this, code, reason = std::move(reason)] {
      closing_ =
          websocket::close_reason(static_cast<websocket::close_code>(code), reason.substr(0, 123));
      if (!writing_) WriteNext();
    });
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kCloseTimeout, [&] { return close_code_ != 0; });
  }

  bool is_open() const { return open_; }
  size_t queued_bytes() const { return queued_bytes_; }
  uint16_t close_code() const {
    const std::lock_guard lock(mutex_);
    return close_code_;
  }
  const std::string& subprotocol() const { return subprotocol_; }

 private:
  using Stream = websocket::stream<AnyStream>;

  asio::awaitable<void> Run(Url url, std::shared_ptr<std::promise<Status>> opened) {
    auto dialled = co_await Dial(url, options_.trust);
    if (!dialled) {
      opened->set_value(Fail(dialled.error()));
      co_return;
    }
    tls_ = dialled->tls;
    ws_.emplace(std::move(dialled->stream));
    ws_->set_option(websocket::stream_base::timeout::suggested(boost::beast::role_type::client));
    ws_->read_message_max(options_.message_bytes_max);
    ws_->set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
      request.set(http::field::user_agent, "parley");
      for (const auto& [name, value] : options_.headers) request.insert(name, value);
      if (!options_.subprotocols.empty()) {
        request.set(http::field::sec_websocket_protocol,
                    fmt::format("{}", fmt::join(options_.subprotocols, ", ")));
      }
    }));
    http::response<http::string_body> response;
    const auto [refused] =
        co_await ws_->async_handshake(response, url.Authority(), url.target, kTuple);
    if (refused) {
      opened->set_value(Fail(RefusalOf(options_, refused, response)));
      co_return;
    }
    subprotocol_ = std::string(response[http::field::sec_websocket_protocol]);
    open_ = true;
    opened->set_value({});
    co_await ReadAll();
  }

  asio::awaitable<void> ReadAll() {
    boost::beast::flat_buffer buffer;
    while (true) {
      const auto [error, size] = co_await ws_->async_read(buffer, kTuple);
      if (error) {
        const bool closed = error == websocket::error::closed;
        MarkClosed(closed ? ws_->reason().code : kNoClose,
                   closed ? std::string(ws_->reason().reason.c_str()) : error.message());
        co_return;
      }
      Message message{std::string(static_cast<const char*>(buffer.cdata().data()), size),
                      ws_->got_binary()};
      buffer.consume(size);
      while (!Deliver(message)) {
        room_.expires_at(std::chrono::steady_clock::time_point::max());
        co_await room_.async_wait(kTuple);
      }
    }
  }

  // False when the inbox is full; the message is then untouched.
  bool Deliver(Message& message) {
    const std::lock_guard lock(mutex_);
    if (inbox_.size() >= options_.inbox_messages_max) return false;
    inbox_.push_back(std::move(message));
    changed_.notify_all();
    return true;
  }

  void WriteNext() {
    if (outbox_.empty()) {
      if (closing_) {
        ws_->async_close(*closing_, [](const error_code&) {});
        closing_.reset();
      }
      return;
    }
    writing_ = true;
    ws_->binary(outbox_.front().binary);
    ws_->async_write(asio::buffer(outbox_.front().bytes), [this](const error_code& error, size_t) {
      writing_ = false;
      queued_bytes_ -= outbox_.front().bytes.size();
      outbox_.pop_front();
      if (!error) WriteNext();
    });
  }

  void MarkClosed(uint16_t code, std::string reason) {
    open_ = false;
    const std::lock_guard lock(mutex_);
    if (close_code_ == 0) {
      close_code_ = code;
      close_reason_ = std::move(reason);
    }
    changed_.notify_all();
  }

  const Options options_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer room_;
  std::thread thread_;

  // Of the io thread.
  std::shared_ptr<asio::ssl::context> tls_;
  std::optional<Stream> ws_;
  std::deque<Message> outbox_;
  bool writing_ = false;
  std::optional<websocket::close_reason> closing_;
  std::string subprotocol_;  // set before Connect returns

  std::atomic<bool> open_ = false;
  std::atomic<size_t> queued_bytes_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Message> inbox_;
  uint16_t close_code_ = 0;
  std::string close_reason_;
};

Result<std::unique_ptr<WebSocketClient>> WebSocketClient::Connect(const Options& options) {
  PARLEY_TRY(const Url url, ParseUrl(options.url));
  auto client =
      std::unique_ptr<WebSocketClient>(new WebSocketClient(std::make_unique<Impl>(options)));
  PARLEY_TRY_STATUS(client->impl_->Open(url));
  return client;
}

WebSocketClient::WebSocketClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebSocketClient::~WebSocketClient() { impl_->Stop(); }

bool WebSocketClient::SendText(std::string message) {
  return impl_->Send({std::move(message), false});
}
bool WebSocketClient::SendBinary(std::string message) {
  return impl_->Send({std::move(message), true});
}
size_t WebSocketClient::queued_bytes() const { return impl_->queued_bytes(); }
Result<WebSocketClient::Message> WebSocketClient::Receive(int64_t timeout_ms) {
  return impl_->Receive(timeout_ms);
}
void WebSocketClient::Close(uint16_t code, std::string_view reason) {
  impl_->Close(code, std::string(reason));
}
bool WebSocketClient::is_open() const { return impl_->is_open(); }
uint16_t WebSocketClient::close_code() const { return impl_->close_code(); }
const std::string& WebSocketClient::subprotocol() const { return impl_->subprotocol(); }

}  // namespace parley::net
