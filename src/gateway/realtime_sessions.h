// /v1/realtime: one WebSocket, one conversation. Holds the limits that a transport has: how many at
// once, how long. Thread-safe; each conversation lives on its socket's io thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "gateway/config.h"
#include "metrics/gateway_metrics.h"
#include "net/server.h"
#include "session/session.h"

namespace parley::gateway {

class RealtimeSessions {
 public:
  // `services` and `metrics` outlive it, and it outlives the server whose sockets it takes.
  RealtimeSessions(const GatewayConfig& config, const session::Session::Config& session_config,
                   const session::Session::Services& services, metrics::GatewayMetrics& metrics);

  // Refuses with 429 over sessions_max. The query names the model (`model`) and may ask for
  // transcription only (`intent=transcription`); the headers may ask for the older dialect.
  // `patch`: what the client's secret says of the session, empty: nothing.
  net::Upgrade Open(const net::HttpRequest& request, net::Executor& executor, std::string patch);

  int count() const { return shared_->count.load(); }
  // Sessions so far.
  uint64_t opened() const { return shared_->next_id.load() - 1; }

 private:
  struct Shared {
    std::atomic<int> count = 0;
    std::atomic<uint64_t> next_id = 1;
  };

  const GatewayConfig config_;
  const session::Session::Config session_config_;
  const session::Session::Services services_;
  metrics::GatewayMetrics& metrics_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace parley::gateway
