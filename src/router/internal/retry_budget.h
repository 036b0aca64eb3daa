// How much may be done again: each first start adds a share, each repetition takes one. Pure; one
// sequence. (As gRPC's retry throttling and Finagle's budgets do.)
#pragma once

#include <algorithm>

namespace parley::router {

class RetryBudget {
 public:
  RetryBudget(double share, int burst) : share_(share), burst_(burst), left_(burst) {}

  void OnStart() { left_ = std::min<double>(left_ + share_, burst_); }
  bool Take() {
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  const double share_;
  const double burst_;
  double left_;
};

}  // namespace parley::router
