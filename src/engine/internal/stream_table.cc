#include "engine/internal/stream_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace parley::engine::internal {

uint32_t StreamTable::Add(StreamSink sink, int64_t credit) {
  const std::lock_guard lock(mutex_);
  auto entry = std::make_shared<Entry>();
  entry->sink = std::move(sink);
  entry->credit = credit;
  entries_.emplace(++last_, std::move(entry));
  return last_;
}

size_t StreamTable::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

bool StreamTable::IsOpen(uint32_t stream) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(stream);
  return found != entries_.end() && !found->second->cancelled_us;
}

void StreamTable::AddCredit(uint32_t stream, int64_t samples) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(stream);
  if (found == entries_.end()) return;
  found->second->credit = std::min(found->second->credit + samples, kCreditSamplesMax);
}

Status StreamTable::Deliver(uint32_t stream, StreamEvent event) {
  std::unique_lock lock(mutex_);
  const auto found = entries_.find(stream);
  if (found == entries_.end()) return {};
  const std::shared_ptr<Entry> entry = found->second;
  const bool idle = std::holds_alternative<Idle>(event);
  const bool cancelled = std::holds_alternative<Cancelled>(event);
  if (idle) entries_.erase(found);
  if (const auto* audio = std::get_if<StreamAudio>(&event)) {
    entry->credit -= static_cast<int64_t>(audio->samples.size());
    if (entry->credit < 0) {
      return Fail(Code::kResourceExhausted,
                  fmt::format("the engine sent {} samples more on stream {} than it had credit for",
                              -entry->credit, stream));
    }
  }
  if (entry->cancelled_us && !idle && !cancelled) return {};
  const bool make_up = entry->cancelled_us && idle && !entry->acknowledged;
  if (cancelled) entry->acknowledged = true;
  lock.unlock();
  if (make_up) entry->sink(Cancelled{});
  entry->sink(std::move(event));
  return {};
}

bool StreamTable::MarkCancelled(uint32_t stream, int64_t now_us) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(stream);
  if (found == entries_.end() || found->second->cancelled_us) return false;
  found->second->cancelled_us = now_us;
  return true;
}

std::optional<uint32_t> StreamTable::CancelledBefore(int64_t then_us) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [stream, entry] : entries_) {
    if (entry->cancelled_us && *entry->cancelled_us < then_us) return stream;
  }
  return std::nullopt;
}

void StreamTable::FailAll(const Error& error) {
  std::unique_lock lock(mutex_);
  const auto entries = std::exchange(entries_, {});
  lock.unlock();
  for (const auto& [stream, entry] : entries) {
    if (!entry->cancelled_us) entry->sink(ErrorMessage{error.code, error.message});
    if (entry->cancelled_us && !entry->acknowledged) entry->sink(Cancelled{});
    entry->sink(Idle{});
  }
}

}  // namespace parley::engine::internal
