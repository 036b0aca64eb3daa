#include "engine/internal/raw_engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine/internal/engine_socket.h"

namespace parley::engine::internal {
namespace {

constexpr int kPollMs = 5;

bool IsReadable(int fd, int timeout_ms) {
  pollfd polled{.fd = fd, .events = POLLIN};
  return poll(&polled, 1, timeout_ms) > 0;
}

}  // namespace

std::string Received::Name() const {
  const auto* message = std::get_if<Message>(&what);
  return message ? std::string(MessageName(*message)) : "audio";
}

Result<std::unique_ptr<RawEngine>> RawEngine::Start(const EngineSpec& spec) {
  PARLEY_TRY_STATUS(spec.Validate());
  if (spec.command.empty()) {
    return Fail(Code::kInvalidArgument, "an engine that somebody else starts cannot be checked");
  }
  std::unique_ptr<RawEngine> engine(new RawEngine);
  EngineSpec inheriting = spec;
  inheriting.socket_path.clear();
  PARLEY_TRY(SocketPair sockets, MakeSocketPair());
  PARLEY_TRY(engine->child_, Child::Start(inheriting, std::move(sockets.engine), engine->log_));
  engine->socket_ = std::move(sockets.worker);
  return engine;
}

void RawEngine::Send(uint32_t stream, const Message& message) {
  SendBytes(EncodeFrame(FrameKind::kJson, stream, Serialize(message)));
}

void RawEngine::SendAudio(uint32_t stream, std::span<const float> samples) {
  while (!samples.empty()) {
    const auto piece = samples.first(std::min(samples.size(), kAudioSamplesMax));
    SendBytes(EncodeFrame(FrameKind::kAudio, stream, AsBytes(piece)));
    samples = samples.subspan(piece.size());
  }
}

// An engine always reads, so a write that waits is short; one that does not read is caught by the
// timeout of the socket.
void RawEngine::SendBytes(std::string_view bytes) {
  constexpr timeval kTimeout{.tv_sec = 10, .tv_usec = 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &kTimeout, sizeof kTimeout);
  while (!bytes.empty()) {
    const ssize_t count = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

Result<Received> RawEngine::Next(int64_t wait_ms) {
  const int64_t until_us = clock_.NowUs() + wait_ms * 1000;
  std::vector<char> buffer(size_t{64} << 10);
  while (true) {
    PARLEY_TRY(const std::optional<Frame> frame, decoder_.Next());
    if (frame) return Parse(*frame);
    child_->Drain();
    if (clock_.NowUs() >= until_us) {
      return Fail(Code::kDeadlineExceeded, fmt::format("nothing came for {} ms", wait_ms));
    }
    if (!IsReadable(socket_.get(), kPollMs)) continue;
    const ssize_t count = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return Fail(Code::kUnavailable, "the engine closed the connection");
    decoder_.Feed({buffer.data(), static_cast<size_t>(count)});
  }
}

Result<Received> RawEngine::Parse(const Frame& frame) {
  if (frame.kind == FrameKind::kAudio) return Received{frame.stream, AsSamples(frame.payload)};
  PARLEY_TRY(Message message, ParseMessage(frame.payload));
  return Received{frame.stream, std::move(message)};
}

std::optional<ExitStatus> RawEngine::WaitExit(int64_t wait_ms) {
  const int64_t until_us = clock_.NowUs() + wait_ms * 1000;
  while (true) {
    child_->Drain();
    if (const auto status = child_->TryReap()) return status;
    if (clock_.NowUs() >= until_us) return std::nullopt;
    poll(nullptr, 0, kPollMs);
  }
}

std::string RawEngine::LastLines() {
  child_->Drain();
  return fmt::format("{}", fmt::join(log_.last_lines(), "\n  "));
}

}  // namespace parley::engine::internal
