#include "engine/cancel.h"

#include <utility>

namespace parley::engine {

CancelFlag::Hook::Hook(Hook&& other) noexcept
    : flag_(std::exchange(other.flag_, nullptr)), id_(other.id_) {}

CancelFlag::Hook& CancelFlag::Hook::operator=(Hook&& other) noexcept {
  if (this == &other) return *this;
  if (flag_) flag_->Remove(id_);
  flag_ = std::exchange(other.flag_, nullptr);
  id_ = other.id_;
  return *this;
}

CancelFlag::Hook::~Hook() {
  if (flag_) flag_->Remove(id_);
}

CancelFlag::Hook CancelFlag::Add(std::function<void()> run) {
  const std::lock_guard lock(mutex_);
  if (IsSet()) {
    run();
    return Hook();
  }
  const uint64_t id = next_id_++;
  hooks_.emplace(id, std::move(run));
  return Hook(this, id);
}

// The hooks run under the lock, so that Remove returns only when none is running.
void CancelFlag::Set() {
  const std::lock_guard lock(mutex_);
  if (IsSet()) return;
  set_.store(true, std::memory_order_release);
  for (const auto& [id, run] : hooks_) run();
}

void CancelFlag::Remove(uint64_t id) {
  const std::lock_guard lock(mutex_);
  hooks_.erase(id);
}

}  // namespace parley::engine
