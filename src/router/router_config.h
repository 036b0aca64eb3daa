// How work is spread over workers: [router] of the configuration.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/binder.h"
#include "router/breaker.h"
#include "router/choice.h"

namespace parley::router {

struct RouterConfig {
  DevicePolicy devices = DevicePolicy::kGpuFirst;
  std::string zone;  // workers of the same one are preferred; empty: all are alike
  // The voice that speaks a language when none is named: "zh" → "cosyvoice2/0.5b".
  std::map<std::string, std::string> languages;
  // What may stand in for a model that no worker can do now, in order, separated by spaces:
  // "cosyvoice2/0.5b" → "xtts/v2 piper/en_US-joe-medium". Nothing stands in for what is not here.
  std::map<std::string, std::string> fallbacks;
  // How many repetitions on another worker each stream adds to what may be repeated at all, so that
  // a failing cluster is not beaten down by them; and how many may come at once.
  double retry_share = 0.2;
  int retry_burst = 100;

  int64_t poll_ms = 1'000;    // how often a worker in order is asked how it is
  int64_t repoll_ms = 100;    // and one that did not answer or is not ready
  int64_t silent_ms = 5'000;  // unanswered so long: unreachable
  int attempts_max = 5;       // starts of one stream
  // A voice that has text and credit but gives nothing for max(hang_ms, 4 × what its model usually
  // takes) hangs; hang_unknown_ms where nothing is known of the model yet.
  int64_t hang_ms = 300;
  int64_t hang_unknown_ms = 5'000;
  uint64_t seed = 1;  // of the draw between two; each gateway has its own
  Breaker::Config breaker;

  Status Validate() const;
  // The model that is to be tried first, and what may stand in for it.
  std::vector<std::string> ModelsFor(const Wanted& wanted) const;
};

void BindConfig(config::Binder& binder, RouterConfig& config);

}  // namespace parley::router
