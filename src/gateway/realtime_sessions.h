// /v1/realtime: one WebSocket, one conversation, or the next line of one that has lost its own.
// Holds the limits that a transport has: how many at once, how long. Thread-safe; each conversation
// lives on the io thread of its first socket (gateway/realtime_call.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "gateway/config.h"
#include "gateway/realtime_call.h"
#include "metrics/gateway_metrics.h"
#include "net/server.h"
#include "session/session.h"

namespace parley::gateway {

class RealtimeSessions {
 public:
  // `services` and `metrics` outlive it, and it outlives the server whose sockets it takes.
  RealtimeSessions(const GatewayConfig& config, const session::Session::Config& session_config,
                   const session::Session::Services& services, metrics::GatewayMetrics& metrics);

  // Refuses with 429 over sessions_max. The query names the model (`model`), may ask for
  // transcription only (`intent=transcription`) or for a conversation that has lost its line
  // (`x_parley_resume`), instead of which it gets a new one if that is over; the headers may ask
  // for the older dialect. `patch`: what the client's secret says of the session, empty: nothing.
  net::Upgrade Open(const net::HttpRequest& request, net::Executor& executor, std::string patch);

  // Ends the conversations that wait for their clients, once the server takes no more sockets and
  // while the io threads still run. Not from one of those.
  void Stop() { calls_.Stop(); }

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
  RealtimeCalls calls_;
};

}  // namespace parley::gateway
