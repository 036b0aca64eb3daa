#include "cli/talk/loudspeaker.h"

#include <algorithm>
#include <cmath>

namespace parley::cli {
namespace {
constexpr int kCapacityS = 300;
// Late deltas of a dropped item arrive within moments; a short memory of such items is enough.
constexpr size_t kDroppedMax = 16;
}  // namespace

Loudspeaker::Loudspeaker(int sample_rate_hz)
    : sample_rate_hz_(sample_rate_hz),
      capacity_samples_(static_cast<size_t>(sample_rate_hz) * kCapacityS) {}

void Loudspeaker::Append(const std::string& item_id, std::span<const int16_t> pcm) {
  const std::lock_guard lock(mutex_);
  if (std::find(dropped_.begin(), dropped_.end(), item_id) != dropped_.end()) return;
  if (items_.empty() || items_.back().id != item_id) items_.push_back({.id = item_id});
  std::deque<int16_t>& unplayed = items_.back().unplayed;
  const size_t room = capacity_samples_ - std::min(capacity_samples_, unplayed.size());
  const auto taken = pcm.first(std::min(room, pcm.size()));
  unplayed.insert(unplayed.end(), taken.begin(), taken.end());
}

void Loudspeaker::SetGain(double db, int ramp_ms) {
  const std::lock_guard lock(mutex_);
  gain_target_ = std::pow(10, db / 20);
  const double samples = std::max(1.0, ramp_ms * sample_rate_hz_ / 1000.0);
  gain_step_ = (gain_target_ - gain_) / samples;
}

void Loudspeaker::Pause(const std::string& item_id, bool paused) {
  const std::lock_guard lock(mutex_);
  if (paused) {
    paused_ = item_id;
  } else if (paused_ == item_id) {
    paused_.clear();
  }
}

void Loudspeaker::Drop(const std::string& item_id) {
  const std::lock_guard lock(mutex_);
  for (Item& item : items_) {
    if (!item_id.empty() && item.id != item_id) continue;
    item.unplayed.clear();
    dropped_.push_back(item.id);
  }
  if (!item_id.empty()) dropped_.push_back(item_id);
  while (dropped_.size() > kDroppedMax) dropped_.pop_front();
}

void Loudspeaker::Pull(std::span<int16_t> out) {
  const std::lock_guard lock(mutex_);
  for (int16_t& sample : out) {
    while (items_.size() > 1 && items_.front().unplayed.empty()) items_.pop_front();
    sample = 0;
    const bool paused = !items_.empty() && items_.front().id == paused_ && !paused_.empty();
    if (!items_.empty() && !items_.front().unplayed.empty() && !paused) {
      Item& item = items_.front();
      sample = static_cast<int16_t>(std::lround(item.unplayed.front() * gain_));
      item.unplayed.pop_front();
      ++item.played_samples;
    }
    if (gain_ == gain_target_) continue;
    gain_ += gain_step_;
    const bool reached = gain_step_ > 0 ? gain_ >= gain_target_ : gain_ <= gain_target_;
    if (reached) gain_ = gain_target_;
  }
}

std::optional<Loudspeaker::Position> Loudspeaker::position() const {
  const std::lock_guard lock(mutex_);
  if (items_.empty()) return std::nullopt;
  return Position{.item_id = items_.front().id, .played_samples = items_.front().played_samples};
}

bool Loudspeaker::empty() const {
  const std::lock_guard lock(mutex_);
  return std::all_of(items_.begin(), items_.end(),
                     [](const Item& item) { return item.unplayed.empty(); });
}

}  // namespace parley::cli
