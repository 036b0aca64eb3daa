// The speech ports, done by whichever worker is best placed for each stream.
//
// The router keeps a view of every worker (its capabilities, asked for each `poll_ms` or announced
// in the registry; its own streams there; a breaker), chooses by choice.h when a stream starts, and
// starts the stream again elsewhere when its worker fails before anything was heard: whatever the
// caller has said so far is said again. While no worker can be had (a lone one is restarting) a
// stream waits for one until its `ready_timeout_ms` is over. After the first audio, partial or text
// a failure goes to the caller, who knows what was heard (ports/voice.h, `retryable`).
//
// A voice that has text and credit but gives nothing for longer than its model ever does hangs (its
// process is stopped, its link is cut): it counts as failed, if somebody else could go on.
//
// Thread-safe. All streams must be gone before it is destroyed, which must not happen within a sink
// or on the executor.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/executor.h"
#include "ports/language_model.h"
#include "ports/model_host.h"
#include "ports/recognizer.h"
#include "ports/voice.h"
#include "registry/directory.h"
#include "router/breaker.h"
#include "router/router_config.h"
#include "rpc/speech_client.h"

namespace parley::router {

// One worker, as the router reaches it; rpc::SpeechClient, or a fake.
struct WorkerLink {
  std::string address;
  ports::Voice* voice = nullptr;
  ports::Recognizer* recognizer = nullptr;
  ports::LanguageModel* language_model = nullptr;
  ports::ModelHost* model_host = nullptr;
  std::shared_ptr<void> owner;  // keeps the four alive; may be empty
};

class Router {
 public:
  using Config = RouterConfig;
  struct Deps {
    const Clock& clock;
    net::Executor& executor;  // for polls and repeated starts
    // Links to workers of the registry, by address; may be empty where there is none.
    std::function<Result<WorkerLink>(const std::string& address)> dial = {};
  };
  struct WorkerStatus {
    std::string address;
    bool reachable = false;
    Breaker::State breaker = Breaker::State::kClosed;
    int in_flight = 0;
    std::shared_ptr<const registry::Announcement> announced;  // null: not of the registry
    ports::WorkerCapabilities capabilities;                   // as last heard
  };

  // `workers` are those whose addresses are known; the registry's come by Update.
  static Result<std::unique_ptr<Router>> Create(const Config& config, const Deps& deps,
                                                std::vector<WorkerLink> workers);
  ~Router();

  ports::Voice& voice();
  ports::Recognizer& recognizer();
  ports::LanguageModel& language_model();

  // What the registry knows now, in place of what it knew before.
  void Update(std::shared_ptr<const registry::WorkerDirectory::View> view);
  // The registry cannot be read, and what is known of its workers is old.
  bool stale() const;

  std::vector<WorkerStatus> workers() const;
  // Drains the worker of that name or address: it takes no new streams, and `done` is called when
  // the last has ended or after `deadline_ms`. kNotFound names those that there are.
  void Drain(const std::string& worker, int64_t deadline_ms, ports::ModelHost::Callback<void> done);
  // The models of all workers, each once, the readiest view of it.
  std::vector<ports::ModelInfo> models() const;
  // Why no worker is ready to serve; empty when one is.
  std::string not_ready_why() const;
  // Called on the executor whenever a poll has brought news. One listener.
  void OnChange(std::function<void()> listener);

  class Impl;

 private:
  explicit Router(std::shared_ptr<Impl> impl);
  const std::shared_ptr<Impl> impl_;
};

// A link over gRPC.
Result<WorkerLink> DialWorker(const rpc::SpeechClient::Config& config);

}  // namespace parley::router
