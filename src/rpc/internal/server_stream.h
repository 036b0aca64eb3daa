// The server's end of a bidirectional stream: reads messages and hands them to a port's stream;
// events of the port are queued and written one at a time.
//
// Lives from the call's start to OnDone, which deletes it. gRPC calls its reactions on its own
// threads, the port calls OnEvent on any; `mutex_` guards the writing side, `control_mutex_` the
// port's stream. Neither is held while gRPC or a sink is called.
#pragma once

#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "rpc/internal/stream_traits.h"

namespace parley::rpc {

template <class Traits>
class ServerStream final
    : public grpc::ServerBidiReactor<typename Traits::Request, typename Traits::Response> {
 public:
  using Port = typename Traits::Port;
  using Event = typename Port::Event;

  explicit ServerStream(Port* port) : port_(port) { this->StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok) {
      OnHalfClose();
      return;
    }
    if (auto status = Handle(); !status) {
      Abort(ToGrpc(status.error()));
      return;
    }
    this->StartRead(&request_);
  }

  void OnWriteDone(bool ok) override {
    {
      const std::lock_guard lock(mutex_);
      writing_ = false;
      if (!ok && !abort_) abort_ = grpc::Status(grpc::StatusCode::CANCELLED, "the client is gone");
    }
    Pump();
  }

  // The client cancelled or vanished, or the server shuts down.
  void OnCancel() override { Abort(grpc::Status(grpc::StatusCode::CANCELLED, "cancelled")); }

  void OnDone() override {
    stream_.reset();
    delete this;
  }

 private:
  // What waits for a client that grants credit but does not read.
  static constexpr size_t kPendingBytesMax = 16 * 1024 * 1024;

  Status Handle() {
    const std::lock_guard lock(control_mutex_);
    if (stream_) return Traits::Apply(*stream_, request_);
    const auto* start = StartOf(request_);
    if (start == nullptr) {
      return Fail(Code::kInvalidArgument,
                  std::string(Traits::kName) + ": the first message must be start");
    }
    PARLEY_TRY(auto request, FromProto(*start));
    format_ = Traits::FormatOf(*start);
    stream_ = port_->Start(std::move(request), [this](Event event) { OnEvent(std::move(event)); });
    return {};
  }

  void OnHalfClose() {
    {
      const std::lock_guard lock(control_mutex_);
      if (stream_) {
        Traits::HalfClose(*stream_);
        return;
      }
    }
    Abort(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                       std::string(Traits::kName) + ": the stream ended before its start"));
  }

  void OnEvent(Event event) {
    const bool last = IsLast(event);
    auto message = Traits::Write(std::move(event), format_);
    {
      const std::lock_guard lock(mutex_);
      if (abort_ || finished_) return;
      pending_bytes_ += message.ByteSizeLong();
      pending_.push_back(std::move(message));
      last_queued_ |= last;
      if (pending_bytes_ > kPendingBytesMax) {
        pending_.clear();
        abort_ = grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                              "the client granted credit but left 16 MiB unread");
      }
    }
    Pump();
  }

  // The status first: cancelled, the port may end its stream well before this goes on, and that end
  // must not become the call's. Called by gRPC's reactions only, which keep the object alive.
  void Abort(grpc::Status status) {
    {
      const std::lock_guard lock(mutex_);
      if (!abort_) abort_ = std::move(status);
      pending_.clear();
    }
    {
      const std::lock_guard lock(control_mutex_);
      if (stream_) stream_->Cancel();
    }
    Pump();
  }

  // Starts the next write, or finishes. After Finish the object may be gone: it is the last thing
  // done. A write under way keeps it alive.
  void Pump() {
    std::optional<grpc::Status> finish;
    {
      const std::lock_guard lock(mutex_);
      if (writing_ || finished_) return;
      if (abort_) {
        finish = *abort_;
      } else if (!pending_.empty()) {
        current_ = std::move(pending_.front());
        pending_.pop_front();
        pending_bytes_ -= current_.ByteSizeLong();
        writing_ = true;
      } else if (last_queued_) {
        finish = grpc::Status::OK;
      } else {
        return;
      }
      finished_ = finish.has_value();
    }
    if (finish) {
      this->Finish(*finish);
    } else {
      this->StartWrite(&current_);
    }
  }

  Port* const port_;
  typename Traits::Format format_{};  // set before the port's stream starts

  std::mutex control_mutex_;
  std::unique_ptr<typename Port::Stream> stream_;  // guarded by control_mutex_
  typename Traits::Request request_;               // read by one reaction at a time

  std::mutex mutex_;
  std::deque<typename Traits::Response> pending_;
  size_t pending_bytes_ = 0;
  typename Traits::Response current_;  // being written
  bool writing_ = false;
  bool last_queued_ = false;
  bool finished_ = false;
  std::optional<grpc::Status> abort_;  // ends the call instead of the events
};

// Refuses a call with a status.
template <class Request, class Response>
class RefusedStream final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  explicit RefusedStream(const grpc::Status& status) { this->Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace parley::rpc
