// One conversation and the line that it is on: a session, and the WebSocket of the moment. A client
// of ours whose line drops finds its session again for a while (x_parley.resume); then, and at
// once for any other client, it ends.
//
//   open ──line lost──► held ──line back──► open        open, held ──► over
//
// The session lives on the executor where it was opened; later lines may live on others, and post.
// One sequence, that executor's, unless said otherwise. Nothing runs here once it is over.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "metrics/gateway_metrics.h"
#include "metrics/instruments.h"
#include "net/server.h"
#include "session/session.h"

namespace parley::gateway {

class RealtimeCall;

// The calls of a process by the token that finds them again. Thread-safe.
class RealtimeCalls {
 public:
  // Takes none once stopped: false.
  bool Add(const std::string& token, std::shared_ptr<RealtimeCall> call);
  void Remove(const std::string& token);
  // Null for one that is unknown or over.
  std::shared_ptr<RealtimeCall> Find(std::string_view token);
  // Ends them all, on their executors, and waits for that. Not from an executor.
  void Stop();

 private:
  std::mutex mutex_;
  bool stopped_ = false;
  std::map<std::string, std::shared_ptr<RealtimeCall>, std::less<>> calls_;
};

class RealtimeCall : public std::enable_shared_from_this<RealtimeCall> {
 public:
  struct Life {
    SessionId id;
    int64_t max_us = 0;
    std::string peer;
    bool beta = false;            // the older dialect is spoken
    std::shared_ptr<void> place;  // among sessions_max
  };

  // `services` and `calls` outlive it.
  RealtimeCall(Life life, session::Session::Config config,
               const session::Session::Services& services, RealtimeCalls& calls,
               net::Executor& executor);

  // Of each line that is to carry it, in the order in which they were asked for. Thread-safe.
  uint64_t NewLine() { return ++lines_; }
  net::Executor& executor() const { return executor_; }  // thread-safe

  // The line is there. The first opens the session, a later one takes over.
  void OnOpen(uint64_t line, std::shared_ptr<net::WebSocket> socket);
  // What comes of a line that another has followed is dropped.
  void OnText(uint64_t line, std::string_view message);
  void OnBinary(uint64_t line);
  void OnClosed(uint64_t line, uint16_t code, std::string_view reason);
  void End();

 private:
  void Open();
  bool Resume(net::WebSocket& socket);
  void Hold();
  void OnHeldLong();
  void Expire();
  void Send(std::string message);

  Life life_;
  const session::Session::Config config_;
  const session::Session::Services& services_;
  RealtimeCalls& calls_;
  net::Executor& executor_;
  std::atomic<uint64_t> lines_ = 0;  // asked for
  uint64_t line_ = 0;                // the newest that came
  uint64_t lines_known_ = 0;         // asked for when it was last held
  bool found_ = false;               // by its token
  bool over_ = false;
  int64_t opened_us_ = 0;
  std::shared_ptr<net::WebSocket> socket_;  // null: held
  std::unique_ptr<session::Session> session_;
  std::unique_ptr<net::Timer> expiry_;
  std::unique_ptr<net::Timer> hold_;
  metrics::GaugeLease held_;
};

}  // namespace parley::gateway
