#include "router/internal/worker_table.h"

#include <unistd.h>

#include <algorithm>
#include <future>
#include <set>
#include <utility>

#include "base/log.h"
#include "router/internal/worker.h"

namespace parley::router {
namespace {

constexpr size_t kAffinityMax = 4'096;
constexpr int64_t kTickUs = 50'000;

std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  return name.data();
}

bool IsGpu(const std::string& device) { return !device.empty() && !device.starts_with("cpu"); }

}  // namespace

WorkerTable::WorkerTable(const RouterConfig& config, const Router::Deps& deps,
                         std::vector<WorkerLink> workers)
    : config_(config),
      deps_(deps),
      host_(HostName()),
      random_(config.seed),
      budget_(config.retry_share, config.retry_burst) {
  gate_->table = this;
  for (WorkerLink& link : workers) {
    workers_.push_back(std::make_shared<Worker>(std::move(link), config.breaker));
  }
}

const WorkerLink& WorkerTable::LinkOf(const Worker& worker) { return worker.link; }

void WorkerTable::Start() {
  deps_.executor.Post([self = shared_from_this()] {
    self->timer_ = self->deps_.executor.MakeTimer();
    self->watch_timer_ = self->deps_.executor.MakeTimer();
    self->Poll();
  });
}

void WorkerTable::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  {
    // Waits for an answer that is being taken in.
    const std::lock_guard lock(gate_->mutex);
    gate_->table = nullptr;
  }
  std::promise<void> done;
  deps_.executor.Post([this, &done] {
    timer_.reset();
    watch_timer_.reset();
    std::vector<std::function<void()>> dropped;
    {
      const std::lock_guard lock(mutex_);
      dropped.swap(waiting_);
    }
    dropped.clear();
    done.set_value();
  });
  done.get_future().wait();
}

bool WorkerTable::IsReachable(const Worker& worker, int64_t now_us) const {
  if (worker.gone || !worker.answered) return false;
  return worker.announced || now_us - worker.heard_us <= config_.silent_ms * 1000;
}

bool WorkerTable::MustBePolled(const Worker& worker) const {
  return !worker.asked && !worker.gone && (!worker.announced || worker.suspect);
}

// ---- polling ------------------------------------------------------------------------------------

// On the executor: asks whoever is due, and comes back.
void WorkerTable::Poll() {
  if (!timer_) return;
  Bury();
  std::vector<WorkerHandle> due;
  const int64_t now_us = NowUs();
  int64_t next_us = now_us + config_.poll_ms * 1000;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    if (!waiting_.empty()) next_us = now_us + config_.repoll_ms * 1000;
    for (const WorkerHandle& worker : workers_) {
      if (!MustBePolled(*worker)) continue;
      if (worker->next_poll_us <= now_us) {
        worker->asked = true;
        due.push_back(worker);
      } else {
        next_us = std::min(next_us, worker->next_poll_us);
      }
    }
  }
  for (const WorkerHandle& worker : due) {
    worker->link.model_host->Capabilities(
        [gate = gate_, weak = std::weak_ptr(worker)](Result<ports::WorkerCapabilities> answer) {
          const std::lock_guard lock(gate->mutex);
          if (gate->table) gate->table->OnPolled(weak, std::move(answer));
        });
  }
  timer_->Start(next_us, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnTimer();
  });
}

// Whoever waited looks again (a breaker may have closed), and may wait on.
void WorkerTable::OnTimer() {
  std::vector<std::function<void()>> waiting;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    waiting.swap(waiting_);
  }
  for (auto& again : waiting) again();
  Poll();
}

void WorkerTable::TakeIn(Worker& worker, ports::WorkerCapabilities capabilities) {
  worker.capabilities = std::make_shared<const ports::WorkerCapabilities>(std::move(capabilities));
  worker.index = ModelIndex(worker.capabilities->models);
  worker.gpu = IsGpu(worker.capabilities->device);
  worker.in_flight_then = worker.in_flight;
}

// On any thread.
void WorkerTable::OnPolled(const std::weak_ptr<Worker>& polled,
                           Result<ports::WorkerCapabilities> answer) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    // We hold it as well, so that this is never the last reference.
    const WorkerHandle held = polled.lock();
    if (!held) return;
    Worker& worker = *held;
    const int64_t now_us = NowUs();
    const bool was = IsReachable(worker, now_us);
    worker.asked = false;
    worker.answered = answer.has_value();
    const bool in_order = answer && answer->ready && !answer->draining;
    worker.next_poll_us = now_us + (in_order ? config_.poll_ms : config_.repoll_ms) * 1000;
    if (was != worker.answered) {
      log::Info("worker_{} address={} why=\"{}\"", worker.answered ? "reached" : "lost",
                worker.link.address, answer ? answer->not_ready_why : answer.error().message);
    }
    news = was;
    if (answer) {
      news = !was || !worker.capabilities || *worker.capabilities != *answer;
      worker.heard_us = now_us;
      worker.suspect = false;
      TakeIn(worker, std::move(*answer));
      // It was away and is back: a new process, most likely.
      if (!was && in_order) worker.breaker.OnSuccess();
    }
    if (stopped_) return;
  }
  PostPoll(news);
}

void WorkerTable::PostPoll(bool news) {
  deps_.executor.Post([weak = weak_from_this(), news] {
    const auto self = weak.lock();
    if (!self) return;
    if (news) self->Tell();
    self->Poll();
  });
}

// On the executor: whoever waited may look again.
void WorkerTable::Tell() {
  std::vector<std::function<void()>> waiting;
  std::function<void()> listener;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    waiting.swap(waiting_);
    listener = listener_;
  }
  for (auto& again : waiting) again();
  if (listener) listener();
}

void WorkerTable::WaitForNews(std::function<void()> again) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    first = waiting_.empty();
    waiting_.push_back(std::move(again));
  }
  // The timer must come sooner now.
  if (first) PostPoll(/*news=*/false);
}

// ---- the registry -------------------------------------------------------------------------------

void WorkerTable::Update(std::shared_ptr<const registry::WorkerDirectory::View> view) {
  deps_.executor.Post([weak = weak_from_this(), view = std::move(view)] {
    const auto self = weak.lock();
    if (self && self->timer_) self->Adopt(*view);
    if (!self || !self->timer_) return;
    {
      const std::lock_guard lock(self->mutex_);
      self->view_ = view;
    }
    self->Tell();
  });
}

WorkerTable::WorkerHandle WorkerTable::Admit(const registry::Announcement& announced) {
  auto link = deps_.dial(announced.address);
  if (!link) {
    log::Warn("worker_refused name={} address={} why=\"{}\"", announced.capabilities.worker_id,
              announced.address, link.error().message);
    return nullptr;
  }
  log::Info("worker_found name={} address={}", announced.capabilities.worker_id, announced.address);
  return std::make_shared<Worker>(std::move(*link), config_.breaker);
}

void WorkerTable::Adopt(const registry::WorkerDirectory::View& view) {
  std::set<std::string> fixed;
  std::map<std::string, WorkerHandle> known;
  {
    const std::lock_guard lock(mutex_);
    for (const WorkerHandle& worker : workers_) {
      if (worker->announced) {
        known[worker->announced->instance] = worker;
      } else if (worker->capabilities) {
        fixed.insert(worker->capabilities->worker_id);
      }
    }
  }
  // Dialling is done without the lock; it does not connect.
  std::vector<std::pair<WorkerHandle, std::shared_ptr<const registry::Announcement>>> now;
  for (const auto& announced : view.workers) {
    // A Unix address means something on its own machine only, and what has a link already needs
    // no second.
    const bool foreign = announced->address.starts_with("unix:") && announced->host != host_;
    if (foreign || fixed.contains(announced->capabilities.worker_id)) continue;
    const auto found = known.find(announced->instance);
    const bool same = found != known.end() && found->second->link.address == announced->address;
    WorkerHandle worker = same ? found->second : Admit(*announced);
    if (worker) now.emplace_back(std::move(worker), announced);
  }
  const std::lock_guard lock(mutex_);
  std::vector<WorkerHandle> kept;
  for (const WorkerHandle& worker : workers_) {
    if (!worker->announced) kept.push_back(worker);
    worker->gone = worker->announced != nullptr;
  }
  for (auto& [worker, announced] : now) {
    worker->gone = false;
    if (!worker->announced) worker->answered = true;
    if (worker->announced != announced) TakeIn(*worker, announced->capabilities);
    worker->announced = announced;
    kept.push_back(worker);
  }
  for (const WorkerHandle& worker : workers_) {
    if (!worker->gone) continue;
    log::Info("worker_gone name={} streams={}", worker->Name(), worker->InFlight());
    leaving_.push_back(worker);
  }
  workers_ = std::move(kept);
}

// On the executor, where links may end: those that nobody holds any more.
void WorkerTable::Bury() {
  std::vector<WorkerHandle> dead;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(leaving_, [&](WorkerHandle& worker) {
      const bool last = worker.use_count() == 1 && !worker->asked;
      if (last) dead.push_back(std::move(worker));
      return last;
    });
  }
}

// ---- choosing -----------------------------------------------------------------------------------

Result<size_t> WorkerTable::ChooseFor(const Wanted& wanted, const std::string& affinity,
                                      const std::vector<WorkerHandle>& tried, int64_t now_us) {
  const ModelIndex::Key key(wanted.kind, wanted.model);
  WorkerHandle before;
  if (!affinity.empty()) {
    const auto found = affinity_.by_key.find(affinity);
    if (found != affinity_.by_key.end()) before = found->second.first.lock();
  }
  std::optional<size_t> same;
  std::vector<WorkerView> views;
  views.reserve(workers_.size());
  for (const WorkerHandle& worker : workers_) {
    if (worker == before) same = views.size();
    const ports::ModelInfo* model = worker->index.Find(key);
    views.push_back({.known = worker->capabilities != nullptr,
                     .reachable = IsReachable(*worker, now_us),
                     .allowed = worker->breaker.Allows(now_us),
                     .trusted = !worker->suspect,
                     .draining = worker->capabilities && worker->capabilities->draining,
                     .tried = std::find(tried.begin(), tried.end(), worker) != tried.end(),
                     .gpu = worker->gpu,
                     .near = config_.zone.empty() || !worker->announced ||
                             worker->announced->zone == config_.zone,
                     .load = model ? worker->LoadOf(*model) : 0,
                     .model = model,
                     .name = worker->link.address});
  }
  return Choose(views, wanted, config_.devices, same, random_);
}

Result<WorkerTable::Place> WorkerTable::Take(const Wanted& wanted, const std::string& session,
                                             const std::vector<WorkerHandle>& tried) {
  const std::lock_guard lock(mutex_);
  const int64_t now_us = NowUs();
  if (tried.empty()) budget_.OnStart();
  const std::string affinity =
      session.empty() ? "" : session + "/" + std::string(ports::ModelKindName(wanted.kind));
  std::optional<Error> why;
  for (std::string& model : config_.ModelsFor(wanted)) {
    Wanted one = wanted;
    one.model = model;
    auto index = ChooseFor(one, affinity, tried, now_us);
    if (!index) {
      // That somebody may have it soon is worth waiting for.
      if (!why || index.error().code == Code::kUnavailable) why = std::move(index.error());
      continue;
    }
    const WorkerHandle& worker = workers_[*index];
    worker->breaker.OnStart(now_us);
    ++worker->in_flight[static_cast<size_t>(wanted.kind)];
    if (!affinity.empty()) Remember(affinity, worker);
    const ports::ModelInfo* found = worker->index.Find(ModelIndex::Key(wanted.kind, model));
    const bool ready = found && found->state == ports::ModelState::kReady &&
                       worker->LoadOf(*found) <= found->slots;
    return Place{worker, std::move(model), ready};
  }
  return Fail(std::move(*why));
}

void WorkerTable::Remember(const std::string& affinity, const WorkerHandle& worker) {
  affinity_.by_key[affinity] = {worker, ++affinity_.used};
  if (affinity_.by_key.size() <= kAffinityMax) return;
  // The older half goes at once, so that this is rare.
  std::erase_if(affinity_.by_key, [limit = affinity_.used - kAffinityMax / 2](const auto& one) {
    return one.second.second <= limit;
  });
}

bool WorkerTable::HasOther(const Wanted& wanted, const std::vector<WorkerHandle>& tried) {
  const std::lock_guard lock(mutex_);
  for (std::string& model : config_.ModelsFor(wanted)) {
    Wanted one = wanted;
    one.model = std::move(model);
    if (ChooseFor(one, "", tried, NowUs())) return true;
  }
  return false;
}

bool WorkerTable::MayRepeat() {
  const std::lock_guard lock(mutex_);
  return budget_.Take();
}

void WorkerTable::End(const WorkerHandle& worker, ports::ModelKind kind, Outcome outcome) {
  bool poll = false;
  {
    const std::lock_guard lock(mutex_);
    --worker->in_flight[static_cast<size_t>(kind)];
    if (outcome == Outcome::kGood) worker->breaker.OnSuccess();
    if (outcome == Outcome::kGood) worker->suspect = false;
    if (outcome == Outcome::kNeither) worker->breaker.OnNeither();
    if (outcome == Outcome::kBad) {
      worker->breaker.OnFailure(NowUs());
      worker->suspect = true;
      worker->next_poll_us = 0;
      poll = !stopped_;
    }
  }
  if (poll) PostPoll(/*news=*/false);
}

void WorkerTable::OnAudio(const std::string& model, bool first, int64_t waited_us) {
  const std::lock_guard lock(mutex_);
  PaceOf& pace = paces_[model];
  (first ? pace.first : pace.between).OnAudio(waited_us);
}

int64_t WorkerTable::HangUs(const std::string& model, bool first) const {
  const std::lock_guard lock(mutex_);
  const auto found = paces_.find(model);
  const PaceOf pace = found == paces_.end() ? PaceOf() : found->second;
  return (first ? pace.first : pace.between)
      .HangUs(config_.hang_ms * 1000, config_.hang_unknown_ms * 1000);
}

void WorkerTable::Watch(std::weak_ptr<Watched> watched) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = watched_.empty();
    watched_.push_back(std::move(watched));
  }
  if (!first) return;
  deps_.executor.Post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Tick();
  });
}

// On the executor, for as long as there is something to watch.
void WorkerTable::Tick() {
  if (!watch_timer_) return;
  std::vector<std::weak_ptr<Watched>> watched;
  {
    const std::lock_guard lock(mutex_);
    watched.swap(watched_);
  }
  const int64_t now_us = NowUs();
  std::erase_if(watched, [&](const std::weak_ptr<Watched>& weak) {
    const auto one = weak.lock();
    return !one || !one->OnTick(now_us);
  });
  {
    const std::lock_guard lock(mutex_);
    watched_.insert(watched_.end(), watched.begin(), watched.end());
    if (watched_.empty()) return;
  }
  watch_timer_->Start(now_us + kTickUs, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Tick();
  });
}

// ---- telling ------------------------------------------------------------------------------------

std::vector<Router::WorkerStatus> WorkerTable::Status() const {
  const std::lock_guard lock(mutex_);
  const int64_t now_us = NowUs();
  std::vector<Router::WorkerStatus> all;
  for (const WorkerHandle& worker : workers_) {
    Router::WorkerStatus status{.address = worker->link.address,
                                .reachable = IsReachable(*worker, now_us),
                                .breaker = worker->breaker.state(now_us),
                                .in_flight = worker->InFlight(),
                                .announced = worker->announced,
                                .capabilities = {}};
    if (worker->capabilities) status.capabilities = *worker->capabilities;
    all.push_back(std::move(status));
  }
  return all;
}

bool WorkerTable::stale() const {
  const std::lock_guard lock(mutex_);
  return view_ && view_->stale;
}

WorkerTable::WorkerHandle WorkerTable::Find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  for (const WorkerHandle& worker : workers_) {
    if (worker->Name() == name || worker->link.address == name) return worker;
  }
  return nullptr;
}

void WorkerTable::OnChange(std::function<void()> listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

}  // namespace parley::router
