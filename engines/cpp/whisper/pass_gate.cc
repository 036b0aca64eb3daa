#include "whisper/pass_gate.h"

#include <chrono>

namespace parley::whisper {

std::optional<PassGate::Ticket> PassGate::Wait(const std::function<bool()>& aborted) {
  constexpr std::chrono::milliseconds kAskEvery{10};
  std::unique_lock lock(mutex_);
  waiting_.fetch_add(1, std::memory_order_relaxed);
  while (free_ == 0 && !(aborted && aborted())) left_.wait_for(lock, kAskEvery);
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  if (free_ == 0) return std::nullopt;
  --free_;
  return std::optional<Ticket>(std::in_place, *this);
}

std::optional<PassGate::Ticket> PassGate::TryEnter() {
  const std::lock_guard lock(mutex_);
  if (free_ == 0 || contended()) return std::nullopt;
  --free_;
  return std::optional<Ticket>(std::in_place, *this);
}

void PassGate::Leave() {
  {
    const std::lock_guard lock(mutex_);
    ++free_;
  }
  left_.notify_one();
}

}  // namespace parley::whisper
