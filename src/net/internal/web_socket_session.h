// One WebSocket from its upgrade to its end: reads without pause (so that pings are answered
// whatever the application does), writes from a bounded queue. One sequence (its io thread), but
// for the WebSocket face.
//
//   accepting → open → closing → closed
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <memory>
#include <string>

#include "net/internal/any_stream.h"
#include "net/internal/io_thread.h"
#include "net/internal/server_state.h"

namespace parley::net {

class WebSocketSession final : public Connection,
                               public WebSocket,
                               public std::enable_shared_from_this<WebSocketSession> {
 public:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;

  WebSocketSession(std::shared_ptr<ServerState> state, IoThread& thread, AnyStream stream,
                   Upgrade upgrade);
  ~WebSocketSession() override;

  // Answers the upgrade request and runs.
  void Start(Request request);

  Executor& home() override { return thread_; }
  void StopSoon() override;
  void Cut() override;

  bool SendText(std::string message) override { return Send(std::move(message), false); }
  bool SendBinary(std::string message) override { return Send(std::move(message), true); }
  void Close(CloseCode code, std::string reason) override;
  size_t queued_bytes() const override { return queued_bytes_.load(); }
  Executor& executor() override { return thread_; }

 private:
  struct Message {
    std::string bytes;
    bool binary = false;
  };

  boost::asio::awaitable<void> Run(Request request);
  boost::asio::awaitable<boost::system::error_code> ReadAll();
  bool Send(std::string message, bool binary);
  void Enqueue(Message message);
  void WriteNext();
  void BeginClose(CloseCode code, std::string reason, bool drop_queue);
  void SendCloseFrame();
  void WatchIdle();
  void Finish();

  const std::shared_ptr<ServerState> state_;
  IoThread& thread_;
  boost::beast::websocket::stream<AnyStream> ws_;
  boost::beast::flat_buffer buffer_;
  boost::asio::steady_timer cut_timer_;
  boost::asio::steady_timer idle_timer_;
  std::unique_ptr<WebSocketListener> listener_;
  const std::string subprotocol_;

  std::atomic<bool> closed_ = false;  // takes no more messages
  std::atomic<size_t> queued_bytes_ = 0;
  std::deque<Message> queue_;
  bool opened_ = false;
  bool writing_ = false;
  bool closing_ = false;  // the close frame goes out once the queue is empty
  bool close_sent_ = false;
  bool finished_ = false;
  // What OnClosed will say: our own reason, or the peer's.
  uint16_t end_code_ = static_cast<uint16_t>(CloseCode::kAbnormal);
  std::string end_reason_;
};

}  // namespace parley::net
