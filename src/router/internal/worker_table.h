// What the router knows of its workers, and who waits for one. Polls them on the executor.
// Thread-safe; calls nobody while its lock is held.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/random.h"
#include "router/choice.h"
#include "router/router.h"

namespace parley::router {

class WorkerTable : public std::enable_shared_from_this<WorkerTable> {
 public:
  WorkerTable(const Router::Config& config, const Router::Deps& deps,
              std::vector<WorkerLink> workers);

  // Begins to poll. Stop ends it; no callback of a wait runs after.
  void Start();
  void Stop();

  // How a stream at a worker ended, for its breaker.
  enum class Outcome { kGood, kBad, kNeither };

  // Counts a stream there until End. The link lives as long as the table.
  struct Place {
    size_t index = 0;
    const WorkerLink* link = nullptr;
  };
  Result<Place> Take(const Wanted& wanted, std::span<const size_t> tried);
  void End(size_t index, Outcome outcome);

  // Runs `again` on the executor at the next news or after `repoll_ms`.
  void WaitForNews(std::function<void()> again);

  int64_t NowUs() const { return deps_.clock.NowUs(); }
  net::Executor& executor() const { return deps_.executor; }
  const Router::Config& config() const { return config_; }
  std::vector<Router::WorkerStatus> Status() const;
  void OnChange(std::function<void()> listener);

 private:
  struct Worker {
    Worker(WorkerLink worker_link, const Breaker::Config& breaker_config)
        : link(std::move(worker_link)), breaker(breaker_config) {}

    const WorkerLink link;
    std::shared_ptr<const ports::WorkerCapabilities> capabilities;  // null: never heard of
    bool answered = false;  // the last poll, or nothing has said otherwise since
    bool asked = false;     // a poll is under way
    int64_t heard_us = 0;
    int64_t next_poll_us = 0;
    Breaker breaker;
    int in_flight = 0;
  };

  // What a poll's answer goes through: closed before the table ends, so that no answer holds it
  // (and with it the clients, which must not end on their own threads).
  struct Gate {
    std::mutex mutex;
    WorkerTable* table = nullptr;  // null: closed
  };

  bool IsReachable(const Worker& worker, int64_t now_us) const;
  void Poll();
  void OnTimer();
  void OnPolled(size_t index, Result<ports::WorkerCapabilities> capabilities);
  void Tell();

  const Router::Config config_;
  const Router::Deps deps_;
  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> workers_;
  SplitMix64 random_;
  std::vector<std::function<void()>> waiting_;
  std::function<void()> listener_;
  bool stopped_ = false;
  std::unique_ptr<net::Timer> timer_;  // on the executor
};

}  // namespace parley::router
