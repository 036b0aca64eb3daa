// Decides which models are loaded and unloaded: a pure function over a snapshot, without clock,
// lock or I/O, so that every rule is a table in a test. The ModelManager (model_manager.h) takes
// the snapshot, carries the decision out and asks again when something changed or `next_us` has
// come.
//
// The rules
//  * A claim asks for a model to be resident. Claims are served in order: demand (requests that
//    wait, oldest first), reload, default and preload.
//  * The cap counts voices (tts) only; the memory budget counts every model. Loading, warming,
//  ready
//    and draining instances all count until their process is gone.
//  * Room is made by draining victims: ready, idle, not pinned, least recently used first. For the
//    cap, a victim must have served its minimum residency; for memory it need not.
//  * Loads under way are bounded by `parallel_loads`, but defaults of different kinds may load
//    beside each other.
//  * An idle model that is not pinned is drained when it was not used for `ttl_ms`, its residency
//    served.
//  * A failed model is loaded again after a back-off that doubles from `backoff_min_ms` to
//    `backoff_max_ms`, if it is still claimed. An explicit load skips the back-off.
//  * A stale instance (its files changed) is replaced: side by side when cap and memory allow, else
//    it is drained first and requests wait.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ports/model_host.h"

namespace parley::worker {

using ports::ModelKind;
using ports::ModelState;

struct ModelPolicyConfig {
  int64_t ttl_ms = 600'000;        // an idle model is kept this long; 0: for ever
  int64_t residency_ms = 120'000;  // a loaded voice is not pushed out sooner
  int64_t check_ms = 30'000;       // how often the time-to-live is looked at
  int resident_cap = 2;            // voices in memory at once
  int parallel_loads = 1;
  int64_t memory_budget_bytes = 0;  // all models together; 0: not limited
  int64_t backoff_min_ms = 100;
  int64_t backoff_max_ms = 60'000;

  Status Validate() const;
};

// A running (or ending, or failed) process of a model.
struct InstanceView {
  uint64_t id = 0;
  std::string model;
  ModelKind kind = ModelKind::kTts;
  ModelState state = ModelState::kAbsent;
  bool pinned = false;
  bool stale = false;        // its pack changed since it was loaded
  bool unwanted = false;     // unload was asked for
  int leases = 0;            // streams that use it
  int64_t memory_bytes = 0;  // measured, or the declared need while it loads
  int64_t since_us = 0;      // when it entered its state
  int64_t ready_us = 0;      // when it became ready
  int64_t used_us = 0;       // when its last lease ended
};

enum class ClaimKind { kDemand, kReload, kDefault, kPreload };

// Somebody wants the model resident.
struct ClaimView {
  ClaimKind kind = ClaimKind::kDemand;
  std::string model;
  ModelKind model_kind = ModelKind::kTts;
  int64_t need_bytes = 0;     // declared at first, then the measured peak of the last load
  int64_t since_us = 0;       // when the oldest waiting request came
  int failures = 0;           // in a row
  int64_t failed_us = 0;      // when the last one was
  bool skip_backoff = false;  // an explicit load
};

struct ModelSnapshot {
  int64_t now_us = 0;
  std::vector<InstanceView> instances;
  std::vector<ClaimView> claims;
};

struct ModelDecision {
  std::vector<std::string> load;  // models; each becomes a new instance
  std::vector<uint64_t> drain;    // instances
  // Claims that cannot be served now, with who holds what; told to requests whose time runs out.
  struct Blocked {
    std::string model;
    std::string why;
  };
  std::vector<Blocked> blocked;
  // Ask again at this time at the latest; absent: only when something changes.
  std::optional<int64_t> next_us;
};

ModelDecision Decide(const ModelSnapshot& snapshot, const ModelPolicyConfig& config);

// The time after which a model that failed so many times in a row may be loaded again.
int64_t BackoffUs(int failures, const ModelPolicyConfig& config);

// Defaults and preloads must fit the cap together; kInvalidArgument names them.
Status CheckCap(const std::vector<std::string>& pinned_voices, const ModelPolicyConfig& config);

}  // namespace parley::worker
