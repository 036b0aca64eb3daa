// The client's end of a bidirectional stream: control messages are queued and written one at a
// time, what is read goes through the gate into the sink.
//
// `ClientCall` lives until gRPC is done with the call, `ClientStream` as long as its user wants it.
// gRPC calls reactions on its own threads; `mutex_` guards the writing side and is not held while
// gRPC or the sink is called.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "rpc/internal/stream_traits.h"

namespace parley::rpc {

// The calls that a client has under way, so that it can end them and wait for gRPC to let go.
// A context keeps its channel alive, and a channel that dies on one of gRPC's own threads brings
// them down: so contexts end here, before the wait is over. Thread-safe.
class OpenCalls {
 public:
  std::shared_ptr<grpc::ClientContext> Add() {
    auto context = std::make_shared<grpc::ClientContext>();
    const std::lock_guard lock(mutex_);
    open_.insert(context);
    return context;
  }
  // The caller gives up its own reference.
  void Remove(std::shared_ptr<grpc::ClientContext> context) {
    const std::lock_guard lock(mutex_);
    open_.erase(context);
    context.reset();
    if (open_.empty()) none_.notify_all();
  }
  void CancelAndWait() {
    std::unique_lock lock(mutex_);
    for (const auto& context : open_) context->TryCancel();
    none_.wait(lock, [this] { return open_.empty(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  std::set<std::shared_ptr<grpc::ClientContext>> open_;
};

// What a broken call means to the stream's owner.
struct BrokenCall {
  Error error;
  bool retryable = false;
};
BrokenCall DescribeBroken(const grpc::Status& status, const std::string& address,
                          const char* call_name);

template <class Traits>
class ClientCall final
    : public grpc::ClientBidiReactor<typename Traits::Request, typename Traits::Response>,
      public std::enable_shared_from_this<ClientCall<Traits>> {
 public:
  using Port = typename Traits::Port;
  using Event = typename Port::Event;
  using Request = typename Traits::Request;

  ClientCall(std::shared_ptr<OpenCalls> calls, std::string address, typename Port::Sink sink)
      : calls_(std::move(calls)),
        address_(std::move(address)),
        gate_(std::move(sink)),
        context_(calls_->Add()) {}

  // Before Start.
  grpc::ClientContext& context() { return *context_; }

  // `prepare` binds the reactor to the stub's method.
  template <class Prepare>
  void Start(Request first, Prepare prepare) {
    self_ = this->shared_from_this();
    pending_bytes_ = first.ByteSizeLong();
    pending_.push_back(std::move(first));
    prepare(context_.get(), this);
    this->AddHold();
    this->StartRead(&response_);
    this->StartCall();
    Pump();
  }

  void Send(Request request, size_t pending_bytes_max) {
    bool overflow = false;
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || overflow_) return;
      pending_bytes_ += request.ByteSizeLong();
      overflow = pending_bytes_ > pending_bytes_max;
      overflow_ = overflow;
      if (!overflow) pending_.push_back(std::move(request));
    }
    if (overflow) {
      TryCancel();
    } else {
      Pump();
    }
  }

  // Content is dropped from now on, what waits to be sent too.
  void Cancel(Request request, size_t pending_bytes_max) {
    if (cancelled_.exchange(true)) return;
    Send(std::move(request), pending_bytes_max);
  }

  // The user is gone.
  void Abandon() {
    gate_.Close();
    TryCancel();
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      Close();
      return;
    }
    if (auto event = FromProto(response_)) {
      Deliver(std::move(*event));
    } else {
      // A newer worker's kind of message: nothing that an older client needs.
      if (event.error().code != Code::kUnimplemented) TryCancel();
    }
    this->StartRead(&response_);
  }

  void OnWriteDone(bool) override {
    bool release = false;
    {
      const std::lock_guard lock(mutex_);
      writing_ = false;
      release = closed_;
    }
    if (release) {
      this->RemoveHold();
    } else {
      Pump();
    }
  }

  void OnDone(const grpc::Status& status) override {
    BrokenCall broken = DescribeBroken(status, address_, Traits::kName);
    {
      const std::lock_guard lock(mutex_);
      if (overflow_) {
        broken = {{Code::kResourceExhausted, std::string(Traits::kName) + ": " +
                                                 std::to_string(pending_bytes_) +
                                                 " bytes wait to be sent to the worker at " +
                                                 address_ + ", more than may wait; send by credit"},
                  false};
      }
    }
    typename Port::Failed failed{std::move(broken.error), broken.retryable};
    gate_.Deliver(std::move(failed), /*is_last=*/true);
    std::shared_ptr<grpc::ClientContext> context;
    {
      const std::lock_guard lock(mutex_);
      context = std::move(context_);
    }
    const auto self = std::move(self_);
    const std::shared_ptr<OpenCalls> calls = calls_;
    calls->Remove(std::move(context));
  }

 private:
  void Deliver(Event event) {
    if (cancelled_ && Traits::IsContent(event)) return;
    const bool last = IsLast(event);
    gate_.Deliver(std::move(event), last);
  }

  void TryCancel() {
    std::shared_ptr<grpc::ClientContext> context;
    {
      const std::lock_guard lock(mutex_);
      context = context_;
    }
    if (context) context->TryCancel();
  }

  // No more reads: nothing sent would be heard. gRPC ends the call when its hold is gone; a write
  // under way keeps the hold until it is done.
  void Close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      pending_.clear();
      if (writing_) return;
    }
    this->RemoveHold();
  }

  void Pump() {
    {
      const std::lock_guard lock(mutex_);
      if (writing_ || closed_ || pending_.empty()) return;
      current_ = std::move(pending_.front());
      pending_.pop_front();
      pending_bytes_ -= current_.ByteSizeLong();
      writing_ = true;
    }
    this->StartWrite(&current_);
  }

  const std::shared_ptr<OpenCalls> calls_;
  const std::string address_;
  ports::SinkGate<Event> gate_;
  std::shared_ptr<ClientCall> self_;  // until OnDone
  typename Traits::Response response_;
  std::atomic<bool> cancelled_ = false;

  std::mutex mutex_;
  std::shared_ptr<grpc::ClientContext> context_;  // null after OnDone
  std::deque<Request> pending_;
  size_t pending_bytes_ = 0;
  Request current_;  // being written
  bool writing_ = false;
  bool closed_ = false;
  bool overflow_ = false;
};

}  // namespace parley::rpc
