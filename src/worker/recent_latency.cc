#include "worker/recent_latency.h"

#include <utility>

namespace parley::worker {
namespace {

constexpr int64_t kStepUs = 10'000'000;
constexpr int64_t kWindowUs = 60'000'000;

}  // namespace

std::vector<uint64_t> RecentLatency::Counts() const {
  std::vector<uint64_t> counts(histogram_.bounds().size() + 1);
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = histogram_.count(i);
  return counts;
}

void RecentLatency::Note(int64_t now_us) {
  if (!past_.empty() && now_us - past_.back().at_us < kStepUs) return;
  past_.push_back({now_us, Counts()});
  while (past_.size() > 1 && now_us - past_[1].at_us >= kWindowUs) past_.pop_front();
}

double RecentLatency::Quantile(double share) const {
  std::vector<uint64_t> counts = Counts();
  uint64_t total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (!past_.empty()) counts[i] -= past_.front().counts[i];
    total += counts[i];
  }
  if (total == 0) return 0;
  const std::vector<double>& bounds = histogram_.bounds();
  double before = 0;
  for (size_t i = 0; i < bounds.size(); ++i) {
    const auto here = static_cast<double>(counts[i]);
    const double wanted = share * static_cast<double>(total) - before;
    if (here > 0 && wanted <= here) {
      const double low = i == 0 ? 0 : bounds[i - 1];
      return low + (bounds[i] - low) * wanted / here;
    }
    before += here;
  }
  return bounds.back();
}

}  // namespace parley::worker
