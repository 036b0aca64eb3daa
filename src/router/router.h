// The speech ports, done by whichever worker is best placed for each stream.
//
// The router keeps a view of every worker (its capabilities, asked for each `poll_ms`; its own
// streams there; a breaker), chooses by choice.h when a stream starts, and starts the stream again
// elsewhere when its worker fails before anything was heard: whatever the caller has said so far is
// said again. While no worker can be had (a lone one is restarting) a stream waits for one until
// its `ready_timeout_ms` is over. After the first audio, partial or text a failure goes to the
// caller, who knows what was heard (ports/voice.h, `retryable`).
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
#include "router/breaker.h"

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
  struct Config {
    int64_t poll_ms = 1'000;    // how often a worker in order is asked how it is
    int64_t repoll_ms = 100;    // and one that did not answer or is not ready
    int64_t silent_ms = 5'000;  // unanswered so long: unreachable
    int attempts_max = 5;       // starts of one stream
    uint64_t seed = 1;          // of the draw between two
    Breaker::Config breaker;

    Status Validate() const;
  };
  struct Deps {
    const Clock& clock;
    net::Executor& executor;  // for polls and repeated starts
  };
  struct WorkerStatus {
    std::string address;
    bool reachable = false;
    Breaker::State breaker = Breaker::State::kClosed;
    int in_flight = 0;
    ports::WorkerCapabilities capabilities;  // as last heard
  };

  static Result<std::unique_ptr<Router>> Create(const Config& config, const Deps& deps,
                                                std::vector<WorkerLink> workers);
  ~Router();

  ports::Voice& voice();
  ports::Recognizer& recognizer();
  ports::LanguageModel& language_model();

  std::vector<WorkerStatus> workers() const;
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

// A link over gRPC; `address` as rpc/channel.h has it.
Result<WorkerLink> DialWorker(const std::string& address, const std::string& key);

}  // namespace parley::router
