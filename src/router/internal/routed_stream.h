// A stream that finds its worker, and another one when that fails before anything was heard.
//
// What the caller says is kept until the first content comes (for recognizers as long as it fits:
// the whole segment can be heard again by another worker) and said again to the next worker.
//
// Thread-safe. Lock order: this, then the WorkerTable's. The sink is called without a lock.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "ports/stream.h"
#include "router/internal/worker_table.h"

namespace parley::router {

// What is particular to a port; see router.cc for the three.
//   using Port; static Port* Of(const WorkerLink&); static Wanted For(const Port::Request&);
//   static bool IsContent(const Port::Event&);
//   static std::vector<Event> Acknowledge(calls made)     what answers Cancel before any worker
//   struct Memory { bool Passes(Event&); void OnRepeat(); … }   filters what a repeat says again
template <class Traits>
class RoutedStream : public std::enable_shared_from_this<RoutedStream<Traits>> {
 public:
  using Port = typename Traits::Port;
  using Event = typename Port::Event;
  using Stream = typename Port::Stream;
  using Act = std::function<void(Stream&)>;

  RoutedStream(std::shared_ptr<WorkerTable> table, typename Port::Request request,
               typename Port::Sink sink)
      : table_(std::move(table)),
        request_(std::move(request)),
        wanted_(Traits::For(request_)),
        deadline_us_(table_->NowUs() + request_.ready_timeout_ms * 1000),
        gate_(std::move(sink)) {}

  // Says something to the worker, now and again if another takes over.
  void Call(Act act, size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (over_) return;
    if (keeps_) {
      said_bytes_ += bytes;
      said_.push_back(act);
      // Too much to say again: from here on a failure is the caller's.
      if (said_bytes_ > kSaidBytesMax || said_.size() > kSaidMax) Forget();
    }
    if (inner_) act(*inner_);
  }

  template <class Note>
  void Remember(Note note) {
    const std::lock_guard lock(mutex_);
    note(memory_);
  }

  void Cancel() {
    const std::lock_guard lock(mutex_);
    if (over_ || std::exchange(cancelled_, true)) return;
    if (inner_) {
      inner_->Cancel();
      return;
    }
    // Nobody to acknowledge it but us, and not on the caller's stack.
    table_->executor().Post([self = this->shared_from_this()] { self->AcknowledgeCancel(); });
  }

  // The caller is gone.
  void Close() {
    gate_.Close();
    std::unique_ptr<Stream> inner;
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
      inner = std::move(inner_);
      EndPlace(WorkerTable::Outcome::kNeither);
    }
  }

  // Chooses a worker and starts there; or waits, or gives up.
  void Attempt() {
    uint64_t attempt = 0;
    const WorkerLink* link = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (over_ || cancelled_ || inner_ || placed_) return;
      auto place = table_->Take(wanted_, tried_);
      if (!place) {
        WaitOrFail(std::move(place.error()));
        return;
      }
      placed_ = true;
      index_ = place->index;
      link = place->link;
      attempt = ++attempt_;
      ++attempts_;
    }
    auto inner =
        Traits::Of(*link)->Start(request_, [weak = this->weak_from_this(), attempt](Event event) {
          if (const auto self = weak.lock()) self->OnEvent(attempt, std::move(event));
        });
    const std::lock_guard lock(mutex_);
    if (over_ || attempt != attempt_) {
      dead_.push_back(std::move(inner));
      BuryDead();
      return;
    }
    inner_ = std::move(inner);
    for (const Act& act : said_) act(*inner_);
    if (cancelled_) inner_->Cancel();
  }

 private:
  static constexpr size_t kSaidBytesMax = 6 * 1024 * 1024;  // 60 s of 48 kHz
  static constexpr size_t kSaidMax = 16 * 1024;

  void Forget() {
    keeps_ = false;
    said_.clear();
  }

  void EndPlace(WorkerTable::Outcome outcome) {
    if (std::exchange(placed_, false)) table_->End(index_, outcome);
  }

  // Streams that are done with end outside of our lock and their sinks.
  void BuryDead() {
    table_->executor().Post([dead = std::move(dead_)]() mutable { dead.clear(); });
    dead_.clear();
  }

  void WaitOrFail(Error error) {
    const bool wait = error.code == Code::kUnavailable && table_->NowUs() < deadline_us_;
    if (wait) {
      tried_.clear();
      table_->WaitForNews([weak = this->weak_from_this()] {
        if (const auto self = weak.lock()) self->Attempt();
      });
      return;
    }
    over_ = true;
    // After the lock, and not on the caller's stack.
    table_->executor().Post([self = this->shared_from_this(), error = std::move(error)] {
      typename Port::Failed failed{error, error.code == Code::kUnavailable};
      self->gate_.Deliver(std::move(failed), true);
    });
  }

  void AcknowledgeCancel() {
    std::vector<Event> events;
    {
      const std::lock_guard lock(mutex_);
      if (over_ || inner_) return;
      over_ = true;
      events = Traits::Acknowledge(memory_);
    }
    for (Event& event : events) {
      const bool last = IsLast(event);
      gate_.Deliver(std::move(event), last);
    }
  }

  void OnEvent(uint64_t attempt, Event event) {
    const bool last = IsLast(event);
    {
      const std::lock_guard lock(mutex_);
      if (attempt != attempt_ || over_) return;
      if (const auto* failed = std::get_if<typename Port::Failed>(&event); failed && last) {
        if (OnFailure(*failed)) return;
      } else if (last) {
        EndPlace(WorkerTable::Outcome::kGood);
      }
      if (Traits::IsContent(event) && !Traits::kRepeatsAfterContent) Forget();
      if (!memory_.Passes(event)) return;
      over_ |= last;
    }
    gate_.Deliver(std::move(event), last);
  }

  // True when the work goes on elsewhere.
  bool OnFailure(const typename Port::Failed& failed) {
    const Code code = failed.error.code;
    const bool away =
        failed.retryable && (code == Code::kUnavailable || code == Code::kInternal ||
                             code == Code::kDeadlineExceeded || code == Code::kDataLoss);
    EndPlace(away ? WorkerTable::Outcome::kBad : WorkerTable::Outcome::kNeither);
    const bool again = failed.retryable && keeps_ && !cancelled_ &&
                       attempts_ < table_->config().attempts_max && table_->NowUs() < deadline_us_;
    if (!again) return false;
    ++attempt_;
    tried_.push_back(index_);
    memory_.OnRepeat();
    if (inner_) dead_.push_back(std::move(inner_));
    BuryDead();
    table_->executor().Post([weak = this->weak_from_this()] {
      if (const auto self = weak.lock()) self->Attempt();
    });
    return true;
  }

  const std::shared_ptr<WorkerTable> table_;
  const typename Port::Request request_;
  const Wanted wanted_;
  const int64_t deadline_us_;
  ports::SinkGate<Event> gate_;

  std::mutex mutex_;
  std::unique_ptr<Stream> inner_;
  std::vector<std::unique_ptr<Stream>> dead_;
  std::vector<Act> said_;
  size_t said_bytes_ = 0;
  bool keeps_ = true;  // said_ holds all that was said
  typename Traits::Memory memory_;
  std::vector<size_t> tried_;
  size_t index_ = 0;
  bool placed_ = false;  // counted at worker index_
  uint64_t attempt_ = 0;
  int attempts_ = 0;
  bool cancelled_ = false;
  bool over_ = false;
};

}  // namespace parley::router
