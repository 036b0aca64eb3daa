// What the router knows of its workers, and who waits for one. Those given at start are polled on
// the executor; those of the registry are known by what they announce, and polled only while they
// are under suspicion: since a call of theirs failed, until they answer.
//
// Thread-safe; calls nobody while its lock is held.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "router/choice.h"
#include "router/internal/pace.h"
#include "router/internal/retry_budget.h"
#include "router/router.h"

namespace parley::router {

class WorkerTable : public std::enable_shared_from_this<WorkerTable> {
 public:
  WorkerTable(const RouterConfig& config, const Router::Deps& deps,
              std::vector<WorkerLink> workers);

  // Begins to poll. Stop ends it; no callback of a wait runs after.
  void Start();
  void Stop();

  // What the registry knows now. Workers that are no longer in it take no new streams; their links
  // live until the last stream there has ended.
  void Update(std::shared_ptr<const registry::WorkerDirectory::View> view);

  // One worker as streams hold it: its link lives as long as somebody does.
  struct Worker;
  using WorkerHandle = std::shared_ptr<Worker>;
  static const WorkerLink& LinkOf(const Worker& worker);

  // How a stream at a worker ended, for its breaker.
  enum class Outcome { kGood, kBad, kNeither };

  // Counts a stream there until End.
  struct Place {
    WorkerHandle worker;
    std::string model;   // to ask for; differs from the wanted one where another stands in
    bool ready = false;  // it need not be loaded, and there is a slot
  };
  // `tried`: who is left out. `session` is who asks, for who did its work before; empty: nobody.
  Result<Place> Take(const Wanted& wanted, const std::string& session,
                     const std::vector<WorkerHandle>& tried);
  void End(const WorkerHandle& worker, ports::ModelKind kind, Outcome outcome);
  // Whether anybody else than those tried could do it now.
  bool HasOther(const Wanted& wanted, const std::vector<WorkerHandle>& tried);
  // Takes one repetition from the budget.
  bool MayRepeat();

  // What is looked at each 50 ms, on the executor, until it says false.
  class Watched {
   public:
    virtual ~Watched() = default;
    virtual bool OnTick(int64_t now_us) = 0;
  };
  void Watch(std::weak_ptr<Watched> watched);

  // How long the model lets listeners wait: for the first audio of an utterance, and between.
  struct PaceOf {
    Pace first;
    Pace between;
  };
  void OnAudio(const std::string& model, bool first, int64_t waited_us);
  int64_t HangUs(const std::string& model, bool first) const;

  // Runs `again` on the executor at the next news or after `repoll_ms`.
  void WaitForNews(std::function<void()> again);

  int64_t NowUs() const { return deps_.clock.NowUs(); }
  net::Executor& executor() const { return deps_.executor; }
  const RouterConfig& config() const { return config_; }
  std::vector<Router::WorkerStatus> Status() const;
  bool stale() const;
  void OnChange(std::function<void()> listener);
  // The worker of that name; null: none.
  WorkerHandle Find(const std::string& name) const;

 private:
  // What a poll's answer goes through: closed before the table ends, so that no answer holds it
  // (and with it the clients, which must not end on their own threads).
  struct Gate {
    std::mutex mutex;
    WorkerTable* table = nullptr;  // null: closed
  };
  // Who did a session's work last, of each kind; the oldest are forgotten.
  struct Affinity {
    std::map<std::string, std::pair<std::weak_ptr<Worker>, uint64_t>> by_key;
    uint64_t used = 0;
  };

  bool IsReachable(const Worker& worker, int64_t now_us) const;
  bool MustBePolled(const Worker& worker) const;
  Result<size_t> ChooseFor(const Wanted& wanted, const std::string& affinity,
                           const std::vector<WorkerHandle>& tried, int64_t now_us);
  void Remember(const std::string& affinity, const WorkerHandle& worker);
  void TakeIn(Worker& worker, ports::WorkerCapabilities capabilities);
  // On the executor: links of workers that are new, and none of those that are gone.
  void Adopt(const registry::WorkerDirectory::View& view);
  WorkerHandle Admit(const registry::Announcement& announced);
  void Bury();
  void Poll();
  void OnTimer();
  void OnPolled(const std::weak_ptr<Worker>& worker, Result<ports::WorkerCapabilities> answer);
  void Tell();
  void PostPoll(bool news);
  void Tick();

  const RouterConfig config_;
  const Router::Deps deps_;
  const std::string host_;
  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();

  mutable std::mutex mutex_;
  std::vector<WorkerHandle> workers_;
  std::vector<WorkerHandle> leaving_;  // out of the registry, with streams still
  std::shared_ptr<const registry::WorkerDirectory::View> view_;
  SplitMix64 random_;
  RetryBudget budget_;
  Affinity affinity_;
  std::map<std::string, PaceOf> paces_;
  std::vector<std::function<void()>> waiting_;
  std::function<void()> listener_;
  bool stopped_ = false;
  std::vector<std::weak_ptr<Watched>> watched_;
  // On the executor.
  std::unique_ptr<net::Timer> timer_;
  std::unique_ptr<net::Timer> watch_timer_;
};

}  // namespace parley::router
