// The line of a talk to its server: a WebSocket, which is opened again when it drops while the
// server still keeps the conversation (x_parley.resume). One sequence; Restore blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "net/client.h"

namespace parley::cli {

class TalkLine {
 public:
  // `url`: the server's base; an empty key is not sent.
  static Result<std::unique_ptr<TalkLine>> Open(std::string url, Secret key);

  // False when the line is gone.
  bool Send(std::string message) { return socket_->SendText(std::move(message)); }
  // The next message; kDeadlineExceeded when none comes in time, kUnavailable when the line is
  // gone.
  Result<net::WebSocketClient::Message> Receive(int64_t timeout_ms) {
    return socket_->Receive(timeout_ms);
  }
  bool is_open() const { return socket_->is_open(); }
  void Close() { socket_->Close(); }

  // Once the line is gone: another to the same conversation, tried for so long. kUnavailable when
  // the server has ended the conversation, keeps none (an empty token) or does not come back.
  Status Restore(const std::string& token, int64_t hold_ms);

 private:
  TalkLine(std::string url, Secret key) : url_(std::move(url)), key_(std::move(key)) {}
  Result<std::unique_ptr<net::WebSocketClient>> Connect(const std::string& query) const;

  const std::string url_;
  const Secret key_;
  std::unique_ptr<net::WebSocketClient> socket_;
};

}  // namespace parley::cli
