// Quantiles of a histogram over the last minute or so: the difference to how it stood then. Pure;
// one sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "metrics/instruments.h"

namespace parley::worker {

class RecentLatency {
 public:
  explicit RecentLatency(const metrics::Histogram& histogram) : histogram_(histogram) {}

  // To be called now and then.
  void Note(int64_t now_us);
  // By interpolation within a bucket; 0 when nothing was observed lately.
  double Quantile(double share) const;

 private:
  struct Snapshot {
    int64_t at_us = 0;
    std::vector<uint64_t> counts;
  };
  std::vector<uint64_t> Counts() const;

  const metrics::Histogram& histogram_;
  std::deque<Snapshot> past_;  // the oldest is the one to compare with
};

}  // namespace parley::worker
