#include "router/internal/worker_table.h"

#include <algorithm>
#include <future>
#include <utility>

#include "base/log.h"

namespace parley::router {

WorkerTable::WorkerTable(const Router::Config& config, const Router::Deps& deps,
                         std::vector<WorkerLink> workers)
    : config_(config), deps_(deps), random_(config.seed) {
  gate_->table = this;
  for (WorkerLink& link : workers) {
    workers_.push_back(std::make_unique<Worker>(std::move(link), config.breaker));
  }
}

void WorkerTable::Start() {
  deps_.executor.Post([self = shared_from_this()] {
    self->timer_ = self->deps_.executor.MakeTimer();
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
  return worker.answered && now_us - worker.heard_us <= config_.silent_ms * 1000;
}

// On the executor: asks whoever is due, and comes back.
void WorkerTable::Poll() {
  if (!timer_) return;
  std::vector<size_t> due;
  const int64_t now_us = NowUs();
  int64_t next_us = now_us + config_.poll_ms * 1000;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    if (!waiting_.empty()) next_us = now_us + config_.repoll_ms * 1000;
    for (size_t i = 0; i < workers_.size(); ++i) {
      Worker& worker = *workers_[i];
      if (worker.asked) continue;
      if (worker.next_poll_us <= now_us) {
        worker.asked = true;
        due.push_back(i);
      } else {
        next_us = std::min(next_us, worker.next_poll_us);
      }
    }
  }
  for (const size_t index : due) {
    workers_[index]->link.model_host->Capabilities(
        [gate = gate_, index](Result<ports::WorkerCapabilities> capabilities) {
          const std::lock_guard lock(gate->mutex);
          if (gate->table) gate->table->OnPolled(index, std::move(capabilities));
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

// On any thread.
void WorkerTable::OnPolled(size_t index, Result<ports::WorkerCapabilities> capabilities) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    Worker& worker = *workers_[index];
    const int64_t now_us = NowUs();
    const bool was = IsReachable(worker, now_us);
    worker.asked = false;
    worker.answered = capabilities.has_value();
    const bool in_order = capabilities && capabilities->ready && !capabilities->draining;
    worker.next_poll_us = now_us + (in_order ? config_.poll_ms : config_.repoll_ms) * 1000;
    if (capabilities) {
      news = !was || !worker.capabilities || *worker.capabilities != *capabilities;
      worker.heard_us = now_us;
      worker.capabilities =
          std::make_shared<const ports::WorkerCapabilities>(std::move(*capabilities));
      // It was away and is back: a new process, most likely.
      if (!was && in_order) worker.breaker.OnSuccess();
    } else {
      news = was;
    }
    if (was != worker.answered) {
      log::Info("worker_{} address={} why=\"{}\"", worker.answered ? "reached" : "lost",
                worker.link.address,
                capabilities ? worker.capabilities->not_ready_why : capabilities.error().message);
    }
    if (stopped_) return;
  }
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
  if (!first) return;
  // The timer must come sooner now.
  deps_.executor.Post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Poll();
  });
}

Result<WorkerTable::Place> WorkerTable::Take(const Wanted& wanted, std::span<const size_t> tried) {
  const std::lock_guard lock(mutex_);
  const int64_t now_us = NowUs();
  std::vector<WorkerView> views;
  views.reserve(workers_.size());
  for (const auto& worker : workers_) {
    views.push_back({.reachable = IsReachable(*worker, now_us),
                     .allowed = worker->breaker.Allows(now_us),
                     .in_flight = worker->in_flight,
                     .capabilities = worker->capabilities.get(),
                     .address = worker->link.address});
  }
  PARLEY_TRY(const size_t index, Choose(views, wanted, tried, random_));
  workers_[index]->breaker.OnStart(now_us);
  ++workers_[index]->in_flight;
  return Place{index, &workers_[index]->link};
}

void WorkerTable::End(size_t index, Outcome outcome) {
  bool poll = false;
  {
    const std::lock_guard lock(mutex_);
    Worker& worker = *workers_[index];
    --worker.in_flight;
    if (outcome == Outcome::kGood) worker.breaker.OnSuccess();
    if (outcome == Outcome::kNeither) worker.breaker.OnNeither();
    if (outcome == Outcome::kBad) {
      worker.breaker.OnFailure(NowUs());
      worker.next_poll_us = 0;
      poll = !stopped_;
    }
  }
  if (!poll) return;
  deps_.executor.Post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Poll();
  });
}

std::vector<Router::WorkerStatus> WorkerTable::Status() const {
  const std::lock_guard lock(mutex_);
  const int64_t now_us = NowUs();
  std::vector<Router::WorkerStatus> all;
  for (const auto& worker : workers_) {
    Router::WorkerStatus status{.address = worker->link.address,
                                .reachable = IsReachable(*worker, now_us),
                                .breaker = worker->breaker.state(now_us),
                                .in_flight = worker->in_flight,
                                .capabilities = {}};
    if (worker->capabilities) status.capabilities = *worker->capabilities;
    all.push_back(std::move(status));
  }
  return all;
}

void WorkerTable::OnChange(std::function<void()> listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

}  // namespace parley::router
