// A stream that finds its worker, and another one when that fails before anything was heard.
//
// What the caller says is kept until the first content comes (for recognizers as long as it fits:
// the whole segment can be heard again by another worker) and said again to the next worker.
//
// Thread-safe. Lock order: this, then the WorkerTable's. The sink is called without a lock.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "ports/stream.h"
#include "router/internal/placement.h"
#include "router/internal/said.h"
#include "router/internal/worker_table.h"

namespace parley::router {

// What is particular to a port; see router.cc for the three.
//   using Port; static Port* Of(const WorkerLink&); static Wanted For(const Port::Request&);
//   static bool IsContent(const Port::Event&);
//   static std::vector<Event> Acknowledge(calls made)     what answers Cancel before any worker
//   static const std::string& Session(const Request&)     whose work it is
//   static void StandIn(Request&)                         when another model stands in
//   struct Memory {
//     explicit Memory(const Request&);
//     bool Passes(Event&, now_us); void OnRepeat(now_us);   filters what a repeat says again
//     std::optional<Wait> Waiting() const;                  since when we wait for content, if we
//     do
//   }
template <class Traits>
class RoutedStream : public WorkerTable::Watched,
                     public std::enable_shared_from_this<RoutedStream<Traits>> {
 public:
  using Port = typename Traits::Port;
  using Event = typename Port::Event;
  using Stream = typename Port::Stream;

  RoutedStream(std::shared_ptr<WorkerTable> table, typename Port::Request request,
               typename Port::Sink sink)
      : table_(std::move(table)),
        request_(std::move(request)),
        place_(*table_, Traits::For(request_)),
        deadline_us_(table_->NowUs() + request_.ready_timeout_ms * 1000),
        gate_(std::move(sink)),
        memory_(request_) {}

  void Begin() {
    if (Traits::kWatched) table_->Watch(this->weak_from_this());
    Attempt();
  }

  // Says something to the worker, now and again if another takes over.
  void Call(typename Said<Stream>::Act act, size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (over_) return;
    // Once it is too much to say again, a failure is the caller's.
    said_.Add(act, bytes);
    if (inner_) act(*inner_);
  }

  template <class Note>
  void Remember(Note note) {
    const std::lock_guard lock(mutex_);
    note(memory_, table_->NowUs());
  }

  void Cancel() {
    const std::lock_guard lock(mutex_);
    if (over_ || std::exchange(cancelled_, true)) return;
    if (inner_) return inner_->Cancel();
    // Nobody to acknowledge it but us, and not on the caller's stack.
    table_->executor().Post([self = this->shared_from_this()] { self->AcknowledgeCancel(); });
  }

  // The caller is gone.
  void Close() {
    gate_.Close();
    Dead last;
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
      last = {place_.worker(), std::move(inner_)};
      place_.End(WorkerTable::Outcome::kNeither);
    }
  }

  // Chooses a worker and starts there; or waits, or gives up.
  void Attempt() {
    uint64_t attempt = 0;
    WorkerTable::WorkerHandle worker;
    typename Port::Request request = request_;
    {
      const std::lock_guard lock(mutex_);
      if (over_ || cancelled_ || inner_ || place_.placed()) return;
      if (auto taken = place_.Take(Traits::Session(request_)); !taken) {
        return WaitOrFail(std::move(taken.error()));
      }
      worker = place_.worker();
      request.model = place_.model();
      if (!request_.model.empty() && request.model != request_.model) Traits::StandIn(request);
      attempt = ++attempt_;
      memory_.OnStart(table_->NowUs());
    }
    auto inner =
        Traits::Of(WorkerTable::LinkOf(*worker))
            ->Start(std::move(request), [weak = this->weak_from_this(), attempt](Event event) {
              if (const auto self = weak.lock()) self->OnEvent(attempt, std::move(event));
            });
    const std::lock_guard lock(mutex_);
    if (over_ || attempt != attempt_) {
      dead_.push_back({std::move(worker), std::move(inner)});
      BuryDead();
      return;
    }
    inner_ = std::move(inner);
    said_.SayTo(*inner_);
    if (cancelled_) inner_->Cancel();
  }

  // On the executor, now and then: does the worker hang?
  bool OnTick(int64_t now_us) override {
    std::optional<typename Port::Failed> hung;
    uint64_t attempt = 0;
    {
      const std::lock_guard lock(mutex_);
      if (over_) return false;
      const auto wait = memory_.Waiting();
      if (!inner_ || cancelled_ || !wait) return true;
      const int64_t waited_us = now_us - wait->since_us;
      if (!place_.Hangs(wait->first, waited_us)) return true;
      attempt = attempt_;
      hung.emplace(typename Port::Failed{
          {Code::kDeadlineExceeded, "worker " + place_.address() + " gave nothing for " +
                                        std::to_string(waited_us / 1000) + " ms"},
          true});
    }
    OnEvent(attempt, std::move(*hung));
    return true;
  }

 private:
  // A stream that is done with, and the worker whose link it needs to its end.
  struct Dead {
    WorkerTable::WorkerHandle worker;
    std::unique_ptr<Stream> stream;
  };
  // Streams that are done with end outside of our lock and their sinks.
  void BuryDead() {
    table_->executor().Post([dead = std::move(dead_)]() mutable { dead.clear(); });
    dead_.clear();
  }

  void WaitOrFail(Error error) {
    if (error.code == Code::kUnavailable && table_->NowUs() < deadline_us_) {
      place_.ForgetTried();
      return table_->WaitForNews([weak = this->weak_from_this()] {
        if (const auto self = weak.lock()) self->Attempt();
      });
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
        place_.End(WorkerTable::Outcome::kGood);
      }
      if (Traits::IsContent(event) && !Traits::kRepeatsAfterContent) said_.Forget();
      const auto waited = memory_.Waiting();
      const int64_t now_us = table_->NowUs();
      if (!memory_.Passes(event, now_us)) return;
      if (waited && Traits::IsSound(event)) {
        place_.OnSound(waited->first, now_us - waited->since_us);
      }
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
    place_.End(away ? WorkerTable::Outcome::kBad : WorkerTable::Outcome::kNeither);
    const bool again = failed.retryable && said_.whole() && !cancelled_ &&
                       place_.attempts() < table_->config().attempts_max &&
                       table_->NowUs() < deadline_us_ && table_->MayRepeat();
    if (!again) return false;
    ++attempt_;
    place_.LeaveOut();
    memory_.OnRepeat();
    if (inner_) dead_.push_back({place_.worker(), std::move(inner_)});
    BuryDead();
    table_->executor().Post([weak = this->weak_from_this()] {
      if (const auto self = weak.lock()) self->Attempt();
    });
    return true;
  }

  const std::shared_ptr<WorkerTable> table_;
  const typename Port::Request request_;
  Placement place_;
  const int64_t deadline_us_;
  ports::SinkGate<Event> gate_;

  std::mutex mutex_;
  std::unique_ptr<Stream> inner_;
  std::vector<Dead> dead_;
  Said<Stream> said_;
  typename Traits::Memory memory_;
  uint64_t attempt_ = 0;
  bool cancelled_ = false;
  bool over_ = false;
};

}  // namespace parley::router
