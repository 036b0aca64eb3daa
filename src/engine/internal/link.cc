#include "engine/internal/link.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>
#include <variant>

#include "base/check.h"

namespace parley::engine::internal {
namespace {

// Small enough that an urgent frame is not kept waiting, large enough to save system calls.
constexpr size_t kBatchBytes = size_t{64} << 10;
constexpr size_t kReadBytes = size_t{64} << 10;

// A frame of a message; false when it would be longer than the protocol allows.
bool Encode(uint32_t stream, const Message& message, std::string& bytes) {
  const std::string json = Serialize(message);
  if (json.size() > kJsonBytesMax) return false;
  bytes = EncodeFrame(FrameKind::kJson, stream, json);
  return true;
}

Error TooLong(const Message& message) {
  return Error{Code::kOutOfRange, fmt::format("a message \"{}\" would be longer than {} bytes",
                                              MessageName(message), kJsonBytesMax)};
}

}  // namespace

Link::Link(UniqueFd socket, const Config& config) : socket_(std::move(socket)), config_(config) {}

Link::~Link() {
  Close(Error{Code::kCancelled, "the link was closed by its owner"});
  if (reader_.joinable()) reader_.join();
  if (writer_.joinable()) writer_.join();
}

void Link::Start(Handlers handlers) {
  handlers_ = std::move(handlers);
  reader_ = std::thread([this] { ReadLoop(); });
  writer_ = std::thread([this] { WriteLoop(); });
}

bool Link::Send(uint32_t stream, const Message& message) {
  Item item{.stream = stream,
            .is_partial = std::holds_alternative<Partial>(message),
            .is_start = std::holds_alternative<engine::Start>(message)};
  if (!Encode(stream, message, item.bytes)) {
    Close(TooLong(message));
    return false;
  }
  return Push(std::move(item));
}

bool Link::SendAudio(uint32_t stream, std::span<const float> samples) {
  while (!samples.empty()) {
    const auto piece = samples.first(std::min(samples.size(), kAudioSamplesMax));
    Item item{.stream = stream};
    item.bytes = EncodeFrame(FrameKind::kAudio, stream, AsBytes(piece));
    if (!Push(std::move(item))) return false;
    samples = samples.subspan(piece.size());
  }
  return true;
}

bool Link::Push(Item item) {
  std::unique_lock lock(mutex_);
  if (config_.when_full == WhenFull::kWait) {
    changed_.wait(lock, [&] {
      return closed_ || queue_bytes_ < config_.queue_bytes_max || cut_.contains(item.stream);
    });
  }
  if (closed_ || cut_.contains(item.stream)) return false;
  if (queue_bytes_ >= config_.queue_bytes_max) {
    CloseLocked(Error{Code::kResourceExhausted,
                      fmt::format("the other side does not read: {} bytes wait", queue_bytes_)});
    return false;
  }
  if (!item.is_partial || !ReplacePartial(item)) Append(std::move(item));
  return true;
}

void Link::Append(Item item) {
  queue_bytes_ += item.bytes.size();
  queue_.push_back(std::move(item));
  changed_.notify_all();
}

// Only in the place of the stream's last frame: a newer partial must not come before a final.
bool Link::ReplacePartial(Item& item) {
  const auto last = std::find_if(queue_.rbegin(), queue_.rend(),
                                 [&](const Item& other) { return other.stream == item.stream; });
  if (last == queue_.rend() || !last->is_partial) return false;
  queue_bytes_ += item.bytes.size() - last->bytes.size();
  *last = std::move(item);
  return true;
}

bool Link::HasQueuedStart(uint32_t stream) const {
  return std::any_of(queue_.begin(), queue_.end(),
                     [&](const Item& item) { return item.is_start && item.stream == stream; });
}

bool Link::SendUrgent(uint32_t stream, const Message& message) {
  Item item{.stream = stream};
  if (!Encode(stream, message, item.bytes)) {
    Close(TooLong(message));
    return false;
  }
  const std::lock_guard lock(mutex_);
  if (closed_ || cut_.contains(stream)) return false;
  if (stream != 0 && HasQueuedStart(stream)) {
    Append(std::move(item));
    return true;
  }
  if (urgent_.size() >= config_.urgent_frames_max) {
    CloseLocked(Error{Code::kResourceExhausted,
                      fmt::format("the other side does not read: {} frames wait", urgent_.size())});
    return false;
  }
  urgent_.push_back(std::move(item.bytes));
  changed_.notify_all();
  return true;
}

bool Link::CutStream(uint32_t stream, const Message& last) {
  std::string bytes;
  PARLEY_CHECK(Encode(stream, last, bytes));
  const std::lock_guard lock(mutex_);
  const bool never_started = HasQueuedStart(stream);
  std::erase_if(queue_, [&](const Item& item) {
    if (item.stream != stream) return false;
    queue_bytes_ -= item.bytes.size();
    return true;
  });
  cut_.insert(stream);
  if (!never_started) urgent_.push_back(std::move(bytes));
  changed_.notify_all();
  return !never_started;
}

void Link::EndStream(uint32_t stream, const Message& message) {
  Item item{.stream = stream};
  PARLEY_CHECK(Encode(stream, message, item.bytes));
  const std::lock_guard lock(mutex_);
  cut_.erase(stream);
  if (!closed_) Append(std::move(item));
}

void Link::Forget(uint32_t stream) {
  const std::lock_guard lock(mutex_);
  cut_.erase(stream);
}

bool Link::Flush(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  const bool settled = changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] {
    return closed_ || (urgent_.empty() && queue_.empty() && !writing_);
  });
  return settled && !closed_;
}

void Link::Close(Error reason) {
  const std::lock_guard lock(mutex_);
  CloseLocked(std::move(reason));
}

void Link::CloseLocked(Error reason) {
  if (closed_) return;
  closed_ = std::move(reason);
  shutdown(socket_.get(), SHUT_RDWR);
  changed_.notify_all();
}

void Link::ReadLoop() {
  const auto buffer = std::make_unique<char[]>(kReadBytes);
  FrameDecoder decoder;
  while (true) {
    const ssize_t count = recv(socket_.get(), buffer.get(), kReadBytes, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    decoder.Feed({buffer.get(), static_cast<size_t>(count)});
    DecodeAll(decoder);
  }
  Close(Error{Code::kUnavailable, "the other side closed the connection"});
  std::unique_lock lock(mutex_);
  const Error reason = *closed_;
  lock.unlock();
  handlers_.closed(reason);
}

void Link::DecodeAll(FrameDecoder& decoder) {
  while (true) {
    Result<std::optional<Frame>> frame = decoder.Next();
    if (!frame) return Close(frame.error());
    if (!*frame) return;
    handlers_.frame(std::move(**frame));
  }
}

void Link::WriteLoop() {
  for (std::string batch = NextBatch(); !batch.empty(); batch = NextBatch()) {
    if (!WriteAll(batch)) {
      Close(Error{Code::kUnavailable,
                  fmt::format("writing to the other side failed: {}", std::strerror(errno))});
    }
  }
}

std::string Link::NextBatch() {
  std::unique_lock lock(mutex_);
  writing_ = false;
  changed_.notify_all();
  changed_.wait(lock, [&] { return closed_ || !urgent_.empty() || !queue_.empty(); });
  std::string batch;
  if (closed_) return batch;
  for (; !urgent_.empty() && batch.size() < kBatchBytes; urgent_.pop_front()) {
    batch += urgent_.front();
  }
  for (; !queue_.empty() && batch.size() < kBatchBytes; queue_.pop_front()) {
    queue_bytes_ -= queue_.front().bytes.size();
    batch += queue_.front().bytes;
  }
  writing_ = true;
  changed_.notify_all();
  return batch;
}

bool Link::WriteAll(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace parley::engine::internal
