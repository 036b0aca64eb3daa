#include "cli/talk/talk_line.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

#include "base/clock.h"

namespace parley::cli {
namespace {

constexpr uint16_t kLostCode = 1006;  // no goodbye (RFC 6455)
constexpr int64_t kConnectTimeoutMs = 5000;
constexpr std::chrono::milliseconds kAgainAfter{250};

}  // namespace

Result<std::unique_ptr<TalkLine>> TalkLine::Open(std::string url, Secret key) {
  auto line = std::unique_ptr<TalkLine>(new TalkLine(std::move(url), std::move(key)));
  PARLEY_TRY(line->socket_, line->Connect(""));
  return line;
}

Result<std::unique_ptr<net::WebSocketClient>> TalkLine::Connect(const std::string& query) const {
  net::WebSocketClient::Options options{.url = url_ + "/v1/realtime?model=parley" + query,
                                        .timeout_ms = kConnectTimeoutMs};
  if (!key_.empty()) options.headers.Add("Authorization", "Bearer " + key_.Reveal());
  return net::WebSocketClient::Connect(options);
}

Status TalkLine::Restore(const std::string& token, int64_t hold_ms) {
  if (socket_->close_code() != kLostCode || token.empty()) {
    return Fail(Code::kUnavailable,
                fmt::format("the server closed the conversation (code {})", socket_->close_code()));
  }
  const SteadyClock clock;
  const int64_t give_up_us = clock.NowUs() + hold_ms * 1000;
  for (;;) {
    auto again = Connect("&x_parley_resume=" + token);
    if (again) {
      socket_ = *std::move(again);
      return {};
    }
    if (clock.NowUs() > give_up_us) {
      return Fail(Code::kUnavailable, fmt::format("the line was lost and could not be restored "
                                                  "within {} s: {}",
                                                  hold_ms / 1000, again.error().message));
    }
    std::this_thread::sleep_for(kAgainAfter);
  }
}

}  // namespace parley::cli
