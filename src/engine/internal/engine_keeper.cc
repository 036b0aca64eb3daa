#include "engine/internal/engine_keeper.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "engine/internal/engine_socket.h"

namespace parley::engine::internal {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
// How often a process on its way out is looked at.
constexpr int64_t kReapIntervalUs = 5'000;
// An engine that lets this much pile up does not read.
constexpr size_t kQueueBytesMax = size_t{64} << 20;

int64_t Us(int64_t ms) { return ms * 1000; }

}  // namespace

EngineKeeper::EngineKeeper(EngineSpec spec, EngineProcess::Events events)
    : spec_(std::move(spec)), events_(std::move(events)), output_(spec_.name, clock_) {}

EngineKeeper::~EngineKeeper() {
  Kill("its owner went away", true);
  if (keeper_.joinable()) keeper_.join();
  link_.reset();
  if (listener_) unlink(spec_.socket_path.c_str());
}

Status EngineKeeper::Begin() {
  PARLEY_TRY_STATUS(spec_.Validate());
  wake_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) return Fail(Code::kResourceExhausted, "no descriptor left for an engine");
  SocketPair sockets;
  if (spec_.socket_path.empty()) {
    PARLEY_TRY(sockets, MakeSocketPair());
  } else {
    PARLEY_TRY(listener_, ListenForEngine(spec_.socket_path));
  }
  if (!spec_.command.empty()) {
    PARLEY_TRY(child_, Child::Start(spec_, std::move(sockets.engine), output_));
    log::Info("engine_started engine={} pid={}", spec_.name, child_->pid());
  }
  state_until_us_ = clock_.NowUs() + Us(spec_.deadlines.hello_ms);
  if (sockets.worker) Connect(std::move(sockets.worker));
  keeper_ = std::thread([this] { KeeperLoop(); });
  return {};
}

void EngineKeeper::Connect(UniqueFd socket) {
  auto link = std::make_unique<Link>(
      std::move(socket),
      Link::Config{.when_full = Link::WhenFull::kClose, .queue_bytes_max = kQueueBytesMax});
  Link& started = *link;
  {
    const std::lock_guard lock(mutex_);
    link_ = std::move(link);
  }
  started.Start({.frame = [this](Frame frame) { OnFrame(std::move(frame)); },
                 .closed = [this](const Error& reason) { OnClosed(reason); }});
}

// --- The owner's calls

void EngineKeeper::Load(engine::Load load) {
  const std::lock_guard lock(mutex_);
  PARLEY_CHECK(!load_);
  load_ = std::move(load);
  if (state_ == State::kGreeted) SendLoadLocked();
  Wake();
}

void EngineKeeper::SendLoadLocked() {
  state_ = State::kLoading;
  state_until_us_ = clock_.NowUs() + Us(spec_.deadlines.load_ms);
  link_->Send(0, *load_);
}

Result<uint32_t> EngineKeeper::Start(engine::Start start, StreamSink sink) {
  const std::lock_guard lock(mutex_);
  PARLEY_TRY_STATUS(CheckStartLocked(start));
  auto* tts = std::get_if<TtsStart>(&start.request);
  std::vector<float> prompt;
  if (tts && tts->prompt) {
    prompt = std::move(tts->prompt->audio);
    tts->prompt->samples = static_cast<int64_t>(prompt.size());
  }
  if (Serialize(start).size() > kJsonBytesMax) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the start of a stream would take more than {} bytes", kJsonBytesMax));
  }
  const uint32_t stream = streams_.Add(std::move(sink), start.credit_samples);
  link_->Send(stream, start);
  link_->SendAudio(stream, prompt);
  return stream;
}

Status EngineKeeper::CheckStartLocked(const engine::Start& start) const {
  if (state_ != State::kReady) {
    return Fail(Code::kFailedPrecondition, fmt::format("engine {} is not ready", spec_.name));
  }
  if (static_cast<ModelKind>(start.request.index()) != spec_.kind) {
    return Fail(Code::kInvalidArgument,
                fmt::format("engine {} is for {}", spec_.name, ports::ModelKindName(spec_.kind)));
  }
  if (streams_.size() >= static_cast<size_t>(loaded_->slots)) {
    return Fail(Code::kResourceExhausted,
                fmt::format("all {} slots of engine {} are taken", loaded_->slots, spec_.name));
  }
  const auto* tts = std::get_if<TtsStart>(&start.request);
  if (tts && tts->prompt && tts->prompt->audio.size() > static_cast<size_t>(kPromptSamplesMax)) {
    return Fail(Code::kInvalidArgument,
                fmt::format("a prompt of {} samples: at most {} are allowed",
                            tts->prompt->audio.size(), kPromptSamplesMax));
  }
  return {};
}

bool EngineKeeper::Send(uint32_t stream, const Message& message) {
  const std::lock_guard lock(mutex_);
  if (!streams_.IsOpen(stream)) return false;
  if (const auto* credit = std::get_if<Credit>(&message)) {
    streams_.AddCredit(stream, credit->samples);
    return link_->SendUrgent(stream, message);
  }
  return link_->Send(stream, message);
}

bool EngineKeeper::SendAudio(uint32_t stream, std::span<const float> samples) {
  const std::lock_guard lock(mutex_);
  return streams_.IsOpen(stream) && link_->SendAudio(stream, samples);
}

void EngineKeeper::Cancel(uint32_t stream) {
  const std::lock_guard lock(mutex_);
  if (!streams_.MarkCancelled(stream, clock_.NowUs())) return;
  if (link_->CutStream(stream, engine::Cancel{})) return;
  // The engine has never heard of it and will not answer.
  posted_.push_back([this, stream] { (void)streams_.Deliver(stream, Idle{}); });
  Wake();
}

void EngineKeeper::Stop() {
  const std::lock_guard lock(mutex_);
  if (rung_ != Rung::kNone) return;
  expected_ = true;
  EnterLadderLocked(Rung::kBye, Error{Code::kCancelled, "was stopped"});
}

void EngineKeeper::Kill(std::string why, bool expected) {
  const std::lock_guard lock(mutex_);
  if (rung_ == Rung::kNone) expected_ = expected;
  EnterLadderLocked(Rung::kKill, Error{Code::kAborted, std::move(why)});
}

EngineKeeper::State EngineKeeper::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::optional<Hello> EngineKeeper::hello() const {
  const std::lock_guard lock(mutex_);
  return hello_;
}

std::optional<Loaded> EngineKeeper::loaded() const {
  const std::lock_guard lock(mutex_);
  return loaded_;
}

std::vector<std::string> EngineKeeper::LastLines() const {
  const std::lock_guard lock(output_mutex_);
  return output_.last_lines();
}

// --- The reader's thread

void EngineKeeper::OnFrame(Frame frame) {
  Status accepted;
  if (frame.kind == FrameKind::kAudio) {
    accepted = streams_.Deliver(frame.stream, StreamAudio{AsSamples(frame.payload)});
  } else {
    Result<Message> message = ParseMessage(frame.payload);
    if (!message && message.error().code == Code::kUnimplemented) {
      link_->SendUrgent(0, ErrorMessage{message.error().code, message.error().message});
    } else if (!message) {
      accepted = Fail(message.error());
    } else if (frame.stream == 0) {
      OnConnectionMessage(std::move(*message));
    } else {
      accepted = DeliverMessage(frame.stream, std::move(*message));
    }
  }
  if (!accepted) link_->Close(accepted.error());
}

Status EngineKeeper::DeliverMessage(uint32_t stream, Message message) {
  return std::visit(
      [&](auto& held) -> Status {
        using Held = std::remove_reference_t<decltype(held)>;
        if constexpr (std::is_constructible_v<StreamEvent, Held&&> &&
                      !std::is_same_v<Held, StreamEvent>) {
          if (std::is_same_v<Held, Idle>) link_->Forget(stream);
          return streams_.Deliver(stream, std::move(held));
        } else {
          return Fail(Code::kInvalidArgument, fmt::format("the engine sent \"{}\" on a stream",
                                                          MessageName(Message(held))));
        }
      },
      message);
}

void EngineKeeper::OnConnectionMessage(Message message) {
  if (auto* hello = std::get_if<Hello>(&message)) return OnHello(std::move(*hello));
  if (auto* loaded = std::get_if<Loaded>(&message)) return OnLoaded(std::move(*loaded));
  if (auto* error = std::get_if<ErrorMessage>(&message)) return OnError(std::move(*error));
  if (const auto* loading = std::get_if<Loading>(&message)) {
    if (events_.loading) events_.loading(*loading);
  } else if (const auto* stats = std::get_if<Stats>(&message)) {
    if (events_.stats) events_.stats(*stats);
  } else if (const auto* ping = std::get_if<Ping>(&message)) {
    link_->SendUrgent(0, Pong{ping->id});
  } else if (const auto* pong = std::get_if<Pong>(&message)) {
    const std::lock_guard lock(mutex_);
    if (pong->id == ping_id_) ping_sent_us_.reset();
  }
}

void EngineKeeper::OnHello(Hello hello) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kStarting) return;
  const int protocol = std::min(hello.protocol_max, kProtocolMax);
  std::string refusal;
  if (protocol < std::max(hello.protocol_min, kProtocolMin)) {
    refusal = fmt::format("it speaks protocol {} to {}, this worker {} to {}", hello.protocol_min,
                          hello.protocol_max, kProtocolMin, kProtocolMax);
  } else if (hello.kind != spec_.kind) {
    refusal = fmt::format("it is an engine for {}, but {} was expected",
                          ports::ModelKindName(hello.kind), ports::ModelKindName(spec_.kind));
  }
  link_->Send(0, Welcome{.protocol = refusal.empty() ? protocol : 0, .reason = refusal});
  if (!refusal.empty()) {
    return EnterLadderLocked(Rung::kBye,
                             Error{Code::kFailedPrecondition, "was refused: " + refusal});
  }
  log::Info("engine_greeted engine={} version={} pid={}", spec_.name, hello.version, pid());
  hello_ = std::move(hello);
  state_ = State::kGreeted;
  state_until_us_ = kNever;
  next_ping_us_ = clock_.NowUs() + Us(spec_.deadlines.ping_interval_ms);
  if (load_) SendLoadLocked();
  Wake();
}

void EngineKeeper::OnLoaded(Loaded loaded) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kLoading) return;
    state_ = State::kReady;
    state_until_us_ = kNever;
    loaded_ = loaded;
    load_answered_ = true;
  }
  log::Info("engine_loaded engine={} pid={} load_ms={:.0f} memory_bytes={}", spec_.name, pid(),
            loaded.load_ms, loaded.memory_bytes);
  if (events_.loaded) events_.loaded(std::move(loaded));
}

void EngineKeeper::OnError(ErrorMessage error) {
  log::Warn("engine_error engine={} code={} message={}", spec_.name, CodeName(error.code),
            error.message);
  std::unique_lock lock(mutex_);
  engine_error_ = Error{error.code, error.message};
  if (state_ != State::kLoading) return;
  load_answered_ = true;
  EnterLadderLocked(Rung::kBye, *engine_error_);
  lock.unlock();
  if (events_.loaded) events_.loaded(Fail(error.code, std::move(error.message)));
}

void EngineKeeper::OnClosed(const Error& reason) {
  std::unique_lock lock(mutex_);
  const bool gone = reason.code == Code::kUnavailable;
  EnterLadderLocked(Rung::kBye,
                    gone && engine_error_ ? *engine_error_
                    : gone ? Error{Code::kUnavailable, "closed its connection unexpectedly"}
                           : Error{reason.code, "broke the engine protocol: " + reason.message});
  const Error cause = *cause_;
  lock.unlock();
  streams_.FailAll(
      Error{Code::kUnavailable, fmt::format("engine {} {}", spec_.name, cause.message)});
  lock.lock();
  link_closed_ = true;
  changed_.notify_all();
  Wake();
}

// --- The keeper's thread

void EngineKeeper::KeeperLoop() {
  while (!HasEnded()) {
    const int64_t wait_us = CheckDeadlines();
    Poll(static_cast<int>(std::min<int64_t>((wait_us + 999) / 1000, 60'000)));
    RunPosted();
  }
  Finish();
}

void EngineKeeper::Poll(int timeout_ms) {
  pollfd polled[] = {{.fd = wake_.get(), .events = POLLIN},
                     {.fd = listener_.get(), .events = POLLIN},
                     {.fd = -1, .events = POLLIN},
                     {.fd = -1, .events = POLLIN}};
  if (child_) {
    polled[2].fd = child_->outputs()[0];
    polled[3].fd = child_->outputs()[1];
  }
  poll(polled, std::size(polled), timeout_ms);
  uint64_t wakes = 0;
  [[maybe_unused]] const ssize_t count = read(wake_.get(), &wakes, sizeof wakes);
  if (listener_) {
    UniqueFd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket) {
      unlink(spec_.socket_path.c_str());
      listener_.Reset();
      Connect(std::move(socket));
    }
  }
  if (child_) {
    const std::lock_guard lock(output_mutex_);
    child_->Drain();
  }
}

void EngineKeeper::RunPosted() {
  std::unique_lock lock(mutex_);
  const auto posted = std::exchange(posted_, {});
  lock.unlock();
  for (const auto& run : posted) run();
}

// A process that has ended, or, if it is not ours, a connection that has.
bool EngineKeeper::HasEnded() {
  if (child_) {
    if (!exit_status_) exit_status_ = child_->TryReap();
    return exit_status_.has_value();
  }
  const std::lock_guard lock(mutex_);
  return link_closed_ || (rung_ == Rung::kKill && !link_);
}

// Microseconds until it should be called again.
int64_t EngineKeeper::CheckDeadlines() {
  const std::lock_guard lock(mutex_);
  const int64_t now_us = clock_.NowUs();
  if (rung_ == Rung::kNone) {
    CheckHealthLocked(now_us);
  } else if (now_us >= rung_until_us_) {
    ClimbLocked(now_us);
  }
  return std::max<int64_t>(0, NextDeadlineLocked() - now_us);
}

void EngineKeeper::CheckHealthLocked(int64_t now_us) {
  const EngineSpec::Deadlines& deadlines = spec_.deadlines;
  if (now_us >= state_until_us_) {
    const bool starting = state_ == State::kStarting;
    return EnterLadderLocked(
        Rung::kTerm,
        Error{Code::kDeadlineExceeded,
              starting ? fmt::format("said no hello within {} ms", deadlines.hello_ms)
                       : fmt::format("did not load its model within {} ms", deadlines.load_ms)});
  }
  if (ping_sent_us_ && now_us >= *ping_sent_us_ + Us(deadlines.pong_ms)) {
    return EnterLadderLocked(
        Rung::kTerm, Error{Code::kDeadlineExceeded,
                           fmt::format("did not answer a ping for {} ms", deadlines.pong_ms)});
  }
  if (const auto stuck = streams_.CancelledBefore(now_us - Us(deadlines.cancel_ms))) {
    return EnterLadderLocked(Rung::kTerm,
                             Error{Code::kDeadlineExceeded,
                                   fmt::format("did not let go of stream {} within {} ms of its "
                                               "cancel",
                                               *stuck, deadlines.cancel_ms)});
  }
  if (state_ != State::kStarting && now_us >= next_ping_us_) {
    next_ping_us_ = now_us + Us(deadlines.ping_interval_ms);
    if (const int64_t most = spec_.limits.memory_bytes_max; most > 0 && ResidentBytes() > most) {
      return EnterLadderLocked(Rung::kTerm,
                               Error{Code::kResourceExhausted,
                                     fmt::format("held {} MiB of memory, more than its limit of {} "
                                                 "(worker.engine_memory_mib, or its engine.toml)",
                                                 ResidentBytes() >> 20, most >> 20)});
    }
    if (ping_sent_us_) return;
    ping_sent_us_ = now_us;
    link_->SendUrgent(0, Ping{++ping_id_});
  }
}

int64_t EngineKeeper::NextDeadlineLocked() const {
  if (rung_ != Rung::kNone) return std::min(rung_until_us_, clock_.NowUs() + kReapIntervalUs);
  int64_t next_us = state_until_us_;
  if (state_ != State::kStarting) next_us = std::min(next_us, next_ping_us_);
  if (ping_sent_us_) next_us = std::min(next_us, *ping_sent_us_ + Us(spec_.deadlines.pong_ms));
  return next_us;
}

void EngineKeeper::EnterLadderLocked(Rung rung, Error reason) {
  if (rung <= rung_) return;
  if (!cause_) cause_ = std::move(reason);
  if (state_ != State::kExited) state_ = State::kStopping;
  rung_ = static_cast<Rung>(static_cast<int>(rung) - 1);
  ClimbLocked(clock_.NowUs());
  Wake();
}

void EngineKeeper::ClimbLocked(int64_t now_us) {
  rung_ = static_cast<Rung>(std::min(static_cast<int>(rung_) + 1, static_cast<int>(Rung::kKill)));
  const int64_t wait_ms = rung_ == Rung::kBye    ? spec_.deadlines.bye_ms
                          : rung_ == Rung::kTerm ? spec_.deadlines.term_ms
                                                 : 0;
  rung_until_us_ = rung_ == Rung::kKill ? kNever : now_us + Us(wait_ms);
  if (rung_ == Rung::kBye && link_) link_->SendUrgent(0, Bye{});
  if (rung_ == Rung::kTerm && child_) child_->Signal(SIGTERM);
  if (rung_ == Rung::kKill && child_) child_->Signal(SIGKILL);
  if (rung_ == Rung::kKill && link_) {
    link_->Close(Error{Code::kUnavailable, "the engine was brought to its end"});
  }
}

void EngineKeeper::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
}

// The process is gone: what it still had to say is read, then everyone is told.
void EngineKeeper::Finish() {
  if (child_) {
    const std::lock_guard lock(output_mutex_);
    child_->Drain();
  }
  std::unique_lock lock(mutex_);
  if (link_) {
    lock.unlock();
    // The reader still gives out what the engine sent before it died, its reason above all.
    link_->Close(Error{Code::kUnavailable, "the engine has ended"});
    lock.lock();
    changed_.wait(lock, [&] { return link_closed_; });
  }
  EnterLadderLocked(Rung::kBye, Error{Code::kUnavailable, "ended before it said hello"});
  state_ = State::kExited;
  const bool load_pending = load_ && !std::exchange(load_answered_, true);
  const Error cause = *cause_;
  Exit exit{.expected = expected_};
  lock.unlock();

  RunPosted();
  exit.last_lines = LastLines();
  if (exit_status_) {
    exit.exit_code = exit_status_->exit_code;
    exit.signal = exit_status_->signal;
  }
  exit.reason = exit.expected ? cause : FinalReason(cause);
  log::Info("engine_exited engine={} pid={} expected={} code={} signal={}", spec_.name, pid(),
            exit.expected, exit.exit_code, exit.signal);
  if (load_pending && events_.loaded) events_.loaded(Fail(exit.reason));
  if (events_.exited) events_.exited(exit);
}

Error EngineKeeper::FinalReason(const Error& cause) const {
  std::string message = fmt::format("engine {} {}", spec_.name, cause.message);
  if (exit_status_) message += fmt::format("; its process {}", exit_status_->Describe());
  const std::vector<std::string> lines = LastLines();
  message += lines.empty() ? "; it had printed nothing"
                           : fmt::format("; its last lines:\n  {}", fmt::join(lines, "\n  "));
  return Error{cause.code, std::move(message)};
}

}  // namespace parley::engine::internal
