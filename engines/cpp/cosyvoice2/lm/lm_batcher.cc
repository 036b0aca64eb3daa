#include "cosyvoice2/lm/lm_batcher.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

namespace parley::cosyvoice2 {
namespace {

// How long a batch waits for sequences that are expected: a tenth of a step at the real widths.
constexpr std::chrono::milliseconds kGather{2};

}  // namespace

LmBatcher::LmBatcher(const Lm& lm, int threads, std::shared_ptr<nn::CoreShare> share,
                     size_t sequences_max)
    : lm_(lm), sequences_max_(sequences_max), executor_(threads, std::move(share)) {}

LmBatcher::Seat::Seat(LmBatcher& batcher) : batcher_(batcher) {
  const std::lock_guard lock(batcher_.mutex_);
  ++batcher_.seats_;
}

LmBatcher::Seat::~Seat() {
  const std::lock_guard lock(batcher_.mutex_);
  --batcher_.seats_;
  batcher_.changed_.notify_all();
}

Result<std::vector<float>> LmBatcher::Seat::Step(LmState& state, const Symbol& symbol,
                                                 const std::function<bool()>& cancelled) {
  Waiting mine = {.step = {&state, symbol}, .cancelled = cancelled};
  return batcher_.Step(mine);
}

size_t LmBatcher::sequences_seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

LmBatcher::Logits LmBatcher::Step(Waiting& mine) {
  std::unique_lock lock(mutex_);
  waiting_.push_back(&mine);
  changed_.notify_all();
  while (!mine.logits) {
    if (running_) {
      changed_.wait(lock, [&] { return mine.logits.has_value() || !running_; });
    } else {
      RunBatch(lock);
    }
  }
  return *std::move(mine.logits);
}

// By one of those who wait; it may be that its own step is not among them.
void LmBatcher::RunBatch(std::unique_lock<std::mutex>& lock) {
  running_ = true;
  changed_.wait_for(lock, kGather,
                    [&] { return waiting_.size() >= std::min(seats_, sequences_max_); });
  const auto end =
      waiting_.begin() + static_cast<int64_t>(std::min(waiting_.size(), sequences_max_));
  std::vector<Waiting*> batch(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  seen_ = std::max(seen_, batch.size());
  lock.unlock();
  std::vector<std::optional<Logits>> logits = Compute(batch);
  lock.lock();
  for (size_t i = 0; i < batch.size(); ++i) batch[i]->logits = std::move(logits[i]);
  running_ = false;
  changed_.notify_all();
}

// One that is cancelled stops the pass, and the others begin it anew; any other error is somebody's
// own, so that each is computed alone.
std::vector<std::optional<LmBatcher::Logits>> LmBatcher::Compute(
    const std::vector<Waiting*>& batch) {
  std::vector<std::optional<Logits>> logits(batch.size());
  std::vector<size_t> open(batch.size());
  std::iota(open.begin(), open.end(), size_t{0});
  while (!open.empty()) {
    Status ran = ComputeTogether(batch, open, logits);
    if (ran) break;
    const size_t before = open.size();
    std::erase_if(open, [&](size_t i) {
      if (!IsCancelled(*batch[i])) return false;
      logits[i] = Fail(Code::kCancelled, "nobody listens any more");
      return true;
    });
    if (open.size() < before) continue;
    for (const size_t i : open) {
      ran = ComputeTogether(batch, {i}, logits);
      if (!ran) logits[i] = Fail(std::move(ran.error()));
    }
    break;
  }
  return logits;
}

bool LmBatcher::IsCancelled(const Waiting& one) { return one.cancelled && one.cancelled(); }

Status LmBatcher::ComputeTogether(const std::vector<Waiting*>& batch,
                                  const std::vector<size_t>& which,
                                  std::vector<std::optional<Logits>>& logits) {
  executor_.set_cancelled([&] {
    return std::any_of(which.begin(), which.end(),
                       [&](size_t i) { return IsCancelled(*batch[i]); });
  });
  std::vector<Lm::Step> steps;
  for (const size_t i : which) steps.push_back(batch[i]->step);
  auto computed = lm_.ForwardEach(executor_, steps);
  executor_.set_cancelled(nullptr);
  if (!computed) return Fail(std::move(computed.error()));
  for (size_t i = 0; i < which.size(); ++i) logits[which[i]] = std::move((*computed)[i]);
  return {};
}

}  // namespace parley::cosyvoice2
