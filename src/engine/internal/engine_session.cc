#include "engine/internal/engine_session.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

#include "engine/internal/resident_bytes.h"

namespace parley::engine::internal {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kHandshakeMax{30'000};
// As long as the worker waits between bye and SIGTERM.
constexpr milliseconds kStopMax{2'000};
constexpr int64_t kFlushMaxMs = 1'000;
constexpr milliseconds kStatsInterval{5'000};
constexpr size_t kErrorBytesMax = 8 << 10;

// The model's code is foreign to the session: whatever it throws ends here.
template <class Call>
auto Guarded(Call call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& error) {
    return Fail(Code::kInternal, fmt::format("the model threw an exception: {}", error.what()));
  } catch (...) {
    return Fail(Code::kInternal, "the model threw something that is not an exception");
  }
}

ErrorMessage AsMessage(const Error& error) {
  return {error.code, error.message.substr(0, kErrorBytesMax)};
}

}  // namespace

EngineSession::EngineSession(UniqueFd socket, Hello hello, ServedModel model)
    : hello_(std::move(hello)),
      model_(std::move(model)),
      link_(std::move(socket), Link::Config{.when_full = Link::WhenFull::kWait}) {}

EngineSession::~EngineSession() = default;

Status EngineSession::Run() {
  link_.Start({.frame = [this](Frame frame) { OnFrame(std::move(frame)); },
               .closed = [this](const Error& reason) { OnClosed(reason); }});
  Status outcome = Handshake();
  if (outcome) outcome = LoadModel();
  if (outcome) ServeUntilStopped();
  return Shutdown(std::move(outcome));
}

Status EngineSession::Handshake() {
  link_.Send(0, hello_);
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kHandshakeMax, [&] { return welcome_ || stopping_; });
  if (stopping_) return *stopping_;
  if (!welcome_) {
    return Fail(Code::kDeadlineExceeded,
                fmt::format("no welcome from the worker within {} ms", kHandshakeMax.count()));
  }
  const int protocol = welcome_->protocol;
  if (protocol >= hello_.protocol_min && protocol <= hello_.protocol_max) return {};
  return Fail(Code::kFailedPrecondition,
              fmt::format("the worker refused this engine: {}",
                          welcome_->reason.empty() ? "it gave no reason" : welcome_->reason));
}

Status EngineSession::LoadModel() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return load_ || stopping_; });
  if (stopping_) return *stopping_;
  const Load load = *load_;
  lock.unlock();

  const TimePoint before = std::chrono::steady_clock::now();
  PARLEY_TRY(Loaded loaded, Guarded([&] { return model_.load(load, *this); }));
  if (loaded.load_ms == 0) loaded.load_ms = Ms(std::chrono::steady_clock::now() - before).count();
  malloc_trim(0);  // what reading and converting weights took
  if (loaded.memory_bytes == 0) loaded.memory_bytes = ResidentBytesOf(getpid());

  lock.lock();
  if (stopping_) return *stopping_;
  loaded_ = loaded;
  for (int i = 0; i < loaded.slots; ++i) slots_.emplace_back([this] { SlotLoop(); });
  lock.unlock();
  link_.Send(0, loaded);
  return {};
}

void EngineSession::ServeUntilStopped() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kStatsInterval, [&] { return stopping_.has_value(); })) {
    Stats stats{.device_memory_bytes = loaded_->device_memory_bytes,
                .streams = static_cast<int>(streams_.size())};
    const uint64_t begun = last_stream_;
    lock.unlock();
    heap_.Look(stats.streams > 0, begun);
    stats.memory_bytes = ResidentBytesOf(getpid());
    link_.Send(0, stats);
    lock.lock();
  }
}

Status EngineSession::Shutdown(Status outcome) {
  Stop(outcome);
  for (std::thread& slot : slots_) slot.join();
  std::unique_lock lock(mutex_);
  outcome = *stopping_;
  finished_ = true;
  changed_.notify_all();
  lock.unlock();
  if (!outcome) link_.SendUrgent(0, AsMessage(outcome.error()));
  link_.SendUrgent(0, Bye{});
  link_.Flush(kFlushMaxMs);
  link_.Close(Error{Code::kCancelled, "the engine has ended"});
  return outcome;
}

// Only the first outcome counts. Streams under way end as if cancelled.
void EngineSession::Stop(Status outcome) {
  std::unique_lock lock(mutex_);
  if (stopping_) return;
  stopping_ = std::move(outcome);
  stopped_ = true;
  const auto streams = streams_;
  changed_.notify_all();
  lock.unlock();
  for (const auto& [id, stream] : streams) stream->Cancel();
}

void EngineSession::Report(double progress, std::string_view what) {
  link_.Send(0, Loading{std::clamp(progress, 0.0, 1.0), std::string(what)});
}

bool EngineSession::cancelled() const { return stopped_.load(); }

// --- Reader thread

void EngineSession::OnFrame(Frame frame) {
  if (frame.kind == FrameKind::kAudio) {
    const auto stream = Find(frame.stream);
    if (!stream) return;
    if (Status taken = stream->TakeAudio(AsSamples(frame.payload)); !taken) {
      Breach(stream, taken.error());
    }
    return;
  }
  Result<Message> message = ParseMessage(frame.payload);
  if (!message) {
    const auto stream = Find(frame.stream);
    const bool unknown = message.error().code == Code::kUnimplemented;
    if (stream && !unknown) return Breach(stream, message.error());
    link_.SendUrgent(0, AsMessage(message.error()));
    return;
  }
  if (frame.stream == 0) {
    OnConnectionMessage(std::move(*message));
  } else {
    OnStreamMessage(frame.stream, std::move(*message));
  }
}

void EngineSession::OnConnectionMessage(Message message) {
  if (const auto* ping = std::get_if<Ping>(&message)) {
    link_.SendUrgent(0, Pong{ping->id});
    return;
  }
  if (std::holds_alternative<Bye>(message)) return Stop({});
  if (std::holds_alternative<ErrorMessage>(message) || std::holds_alternative<Pong>(message) ||
      std::holds_alternative<Stats>(message)) {
    return;
  }
  const std::lock_guard lock(mutex_);
  if (auto* welcome = std::get_if<Welcome>(&message); welcome && !welcome_) {
    welcome_ = std::move(*welcome);
  } else if (auto* load = std::get_if<Load>(&message); load && welcome_ && !load_) {
    load_ = std::move(*load);
  } else {
    link_.SendUrgent(0, ErrorMessage{Code::kFailedPrecondition,
                                     fmt::format("\"{}\" does not belong here on the connection",
                                                 MessageName(message))});
  }
  changed_.notify_all();
}

void EngineSession::OnStreamMessage(uint32_t id, Message message) {
  if (auto* start = std::get_if<Start>(&message)) return OnStart(id, std::move(*start));
  if (std::holds_alternative<Cancel>(message)) return OnCancel(id);
  const auto stream = Find(id);
  if (!stream) return;  // it is over, and the worker does not know yet
  if (Status taken = stream->Take(std::move(message)); !taken) Breach(stream, taken.error());
}

void EngineSession::OnStart(uint32_t id, Start start) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  if (id <= last_stream_) {
    link_.SendUrgent(0, ErrorMessage{Code::kInvalidArgument,
                                     fmt::format("start of stream {} after {}: the ids must rise",
                                                 id, last_stream_)});
    return;
  }
  last_stream_ = id;
  if (!loaded_) {
    return Refuse(id, {Code::kFailedPrecondition, "the model is not loaded yet"});
  }
  if (static_cast<ModelKind>(start.request.index()) != model_.kind) {
    return Refuse(id,
                  {Code::kInvalidArgument, fmt::format("a start of another kind: this engine is {}",
                                                       ports::ModelKindName(model_.kind))});
  }
  if (streams_.size() >= static_cast<size_t>(loaded_->slots)) {
    return Refuse(id, {Code::kResourceExhausted,
                       fmt::format("all {} slots are taken: wait for an idle", loaded_->slots)});
  }
  std::shared_ptr<ServedStream> stream = model_.open(id, link_, *loaded_, std::move(start));
  streams_.emplace(id, stream);
  waiting_.push_back(std::move(stream));
  changed_.notify_all();
}

void EngineSession::Refuse(uint32_t stream, Error reason) {
  link_.EndStream(stream, AsMessage(reason));
  link_.EndStream(stream, Idle{});
}

// The cut is made under the lock that ServeOne takes before it says idle, so that `cancelled` can
// never come after `idle`.
void EngineSession::OnCancel(uint32_t id) {
  std::unique_lock lock(mutex_);
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const auto stream = found->second;
  link_.CutStream(id, Cancelled{});
  lock.unlock();
  stream->Cancel();
}

void EngineSession::Breach(const std::shared_ptr<ServedStream>& stream, Error reason) {
  std::unique_lock lock(mutex_);
  if (!streams_.contains(stream->id()) || stream->cancel().IsSet()) return;
  link_.CutStream(stream->id(), AsMessage(reason));
  lock.unlock();
  stream->Cancel();
}

std::shared_ptr<ServedStream> EngineSession::Find(uint32_t stream) {
  const std::lock_guard lock(mutex_);
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : found->second;
}

// The last thing on the reader thread, which may as well wait here for the model: one that does not
// come back cannot be joined, and nobody is left to kill the process.
void EngineSession::OnClosed(const Error& reason) {
  Stop(reason.code == Code::kUnavailable ? Status() : Status(Fail(reason)));
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, kStopMax, [&] { return finished_; })) return;
  std::fprintf(stderr, "the worker is gone and the model does not stop: ending the process\n");
  std::quick_exit(1);
}

// --- Slot threads

void EngineSession::SlotLoop() {
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const auto stream = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    ServeOne(stream);
  }
}

void EngineSession::ServeOne(const std::shared_ptr<ServedStream>& stream) {
  Status served;
  if (!stream->cancel().IsSet()) served = Guarded([&] { return stream->Serve(); });
  if (!served) link_.Send(stream->id(), AsMessage(served.error()));
  {
    const std::lock_guard lock(mutex_);
    streams_.erase(stream->id());
    link_.EndStream(stream->id(), Idle{});
  }
  if (!served && served.error().code == Code::kDataLoss) Stop(served);
}

}  // namespace parley::engine::internal
