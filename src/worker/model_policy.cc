#include "worker/model_policy.h"

#include <algorithm>
#include <set>
#include <utility>

namespace parley::worker {
namespace {

// Failures in a row after which the back-off certainly stands at its end.
constexpr int kDoublingsMax = 30;

bool Occupies(ModelState state) {
  return state == ModelState::kLoading || state == ModelState::kWarming ||
         state == ModelState::kReady || state == ModelState::kDraining;
}

bool IsLoading(ModelState state) {
  return state == ModelState::kLoading || state == ModelState::kWarming;
}

// The work of one decision: what is held, what was already decided.
class Planner {
 public:
  Planner(const ModelSnapshot& snapshot, const ModelPolicyConfig& config)
      : snapshot_(snapshot), config_(config) {
    for (const InstanceView& one : snapshot.instances) {
      if (!Occupies(one.state)) continue;
      if (one.kind == ModelKind::kTts) ++voices_;
      memory_ += one.memory_bytes;
      if (one.state == ModelState::kDraining) Release(one);
      if (IsLoading(one.state)) loading_kinds_.push_back(one.kind);
    }
  }

  ModelDecision Run() {
    DrainUnwanted();
    std::vector<const ClaimView*> claims;
    for (const ClaimView& claim : snapshot_.claims) claims.push_back(&claim);
    std::stable_sort(claims.begin(), claims.end(), [](const ClaimView* a, const ClaimView* b) {
      if (a->kind != b->kind) return a->kind < b->kind;
      return a->kind == ClaimKind::kDemand && a->since_us < b->since_us;
    });
    for (const ClaimView* claim : claims) Serve(*claim);
    DrainReplaced();
    DrainIdle();
    return std::move(decision_);
  }

 private:
  bool IsClaimed(const std::string& model) const {
    return std::any_of(snapshot_.claims.begin(), snapshot_.claims.end(),
                       [&](const ClaimView& claim) { return claim.model == model; });
  }
  bool IsDrained(uint64_t id) const {
    return std::find(decision_.drain.begin(), decision_.drain.end(), id) != decision_.drain.end();
  }
  void WakeAt(int64_t at_us) {
    if (!decision_.next_us || at_us < *decision_.next_us) decision_.next_us = at_us;
  }
  // Room that will be free once the process is gone.
  void Release(const InstanceView& one) {
    if (one.kind == ModelKind::kTts) ++voices_leaving_;
    memory_leaving_ += one.memory_bytes;
  }
  void Drain(const InstanceView& one) {
    decision_.drain.push_back(one.id);
    Release(one);
  }

  // A current instance of the model that is there or on its way.
  bool IsServed(const std::string& model) const {
    return std::any_of(snapshot_.instances.begin(), snapshot_.instances.end(),
                       [&](const InstanceView& one) {
                         const bool alive = IsLoading(one.state) || one.state == ModelState::kReady;
                         return one.model == model && alive && !one.stale && !one.unwanted;
                       });
  }

  void DrainUnwanted() {
    for (const InstanceView& one : snapshot_.instances) {
      const bool alive = IsLoading(one.state) || one.state == ModelState::kReady;
      // A load that nobody waits for any more is not worth its memory.
      const bool in_vain = IsLoading(one.state) && !one.pinned && !IsClaimed(one.model);
      if (alive && (one.unwanted || in_vain)) Drain(one);
    }
  }

  void Serve(const ClaimView& claim) {
    if (IsServed(claim.model) || Contains(decision_.load, claim.model)) return;
    if (claim.failures > 0 && !claim.skip_backoff) {
      const int64_t again_us = claim.failed_us + BackoffUs(claim.failures, config_);
      if (snapshot_.now_us < again_us) {
        WakeAt(again_us);
        return;
      }
    }
    if (!MayLoadNow(claim)) return;
    if (!HasRoom(claim)) {
      MakeRoom(claim);
      return;
    }
    decision_.load.push_back(claim.model);
    loading_kinds_.push_back(claim.model_kind);
    if (claim.model_kind == ModelKind::kTts) ++voices_;
    memory_ += claim.need_bytes;
  }

  static bool Contains(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  }

  bool MayLoadNow(const ClaimView& claim) const {
    const auto loading = static_cast<int>(loading_kinds_.size());
    if (loading < config_.parallel_loads) return true;
    return claim.kind == ClaimKind::kDefault &&
           std::find(loading_kinds_.begin(), loading_kinds_.end(), claim.model_kind) ==
               loading_kinds_.end();
  }

  bool CapHolds(const ClaimView& claim, int leaving) const {
    return claim.model_kind != ModelKind::kTts || voices_ - leaving < config_.resident_cap;
  }
  bool BudgetHolds(const ClaimView& claim, int64_t leaving) const {
    return config_.memory_budget_bytes == 0 ||
           memory_ - leaving + claim.need_bytes <= config_.memory_budget_bytes;
  }
  bool HasRoom(const ClaimView& claim) const { return CapHolds(claim, 0) && BudgetHolds(claim, 0); }
  // What leaves already is room to come.
  bool WillHaveRoom(const ClaimView& claim) const {
    return CapHolds(claim, voices_leaving_) && BudgetHolds(claim, memory_leaving_);
  }

  // Drains victims until the claim will fit; none at all if even that would not do.
  void MakeRoom(const ClaimView& claim) {
    const size_t drained = decision_.drain.size();
    const int voices = voices_leaving_;
    const int64_t memory = memory_leaving_;
    while (!WillHaveRoom(claim)) {
      const InstanceView* victim = NextVictim(claim);
      if (victim == nullptr) {
        decision_.drain.resize(drained);
        voices_leaving_ = voices;
        memory_leaving_ = memory;
        decision_.blocked.push_back({claim.model, WhoHoldsWhat()});
        return;
      }
      Drain(*victim);
    }
  }

  const InstanceView* NextVictim(const ClaimView& claim) {
    const bool for_cap = !CapHolds(claim, voices_leaving_);
    const InstanceView* best = nullptr;
    for (const InstanceView& one : snapshot_.instances) {
      if (one.state != ModelState::kReady || one.leases > 0 || IsDrained(one.id)) continue;
      // The stale instance of the very model may go: its requests wait for the new one.
      const bool own_old = one.stale && one.model == claim.model;
      if (!own_old && (one.pinned || IsDemanded(one.model))) continue;
      if (for_cap && one.kind != ModelKind::kTts) continue;
      const int64_t served_us = one.ready_us + config_.residency_ms * 1000;
      if (for_cap && !own_old && snapshot_.now_us < served_us) {
        WakeAt(served_us);
        continue;
      }
      if (best == nullptr || one.used_us < best->used_us) best = &one;
    }
    return best;
  }

  bool IsDemanded(const std::string& model) const {
    return std::any_of(snapshot_.claims.begin(), snapshot_.claims.end(), [&](const ClaimView& c) {
      return c.model == model && c.kind == ClaimKind::kDemand;
    });
  }

  std::string WhoHoldsWhat() const {
    std::string held;
    for (const InstanceView& one : snapshot_.instances) {
      if (!Occupies(one.state)) continue;
      held += (held.empty() ? "" : ", ") + one.model + " (" +
              std::string(ports::ModelStateName(one.state)) + ", " + std::to_string(one.leases) +
              " streams" + (one.pinned ? ", pinned" : "") + ")";
    }
    return "no room: " + std::to_string(voices_) + " of " + std::to_string(config_.resident_cap) +
           " voices" +
           (config_.memory_budget_bytes == 0
                ? ""
                : ", " + std::to_string(memory_) + " of " +
                      std::to_string(config_.memory_budget_bytes) + " bytes") +
           " held by " + held;
  }

  // A stale instance goes when its replacement is ready.
  void DrainReplaced() {
    for (const InstanceView& one : snapshot_.instances) {
      if (!one.stale || one.state != ModelState::kReady || IsDrained(one.id)) continue;
      const bool replaced = std::any_of(
          snapshot_.instances.begin(), snapshot_.instances.end(), [&](const InstanceView& other) {
            return other.model == one.model && !other.stale && other.state == ModelState::kReady;
          });
      if (replaced) Drain(one);
    }
  }

  void DrainIdle() {
    if (config_.ttl_ms == 0) return;
    for (const InstanceView& one : snapshot_.instances) {
      const bool kept = one.pinned || one.leases > 0 || IsClaimed(one.model);
      if (one.state != ModelState::kReady || kept || IsDrained(one.id)) continue;
      const int64_t over_us =
          std::max(one.used_us + config_.ttl_ms * 1000, one.ready_us + config_.residency_ms * 1000);
      if (snapshot_.now_us >= over_us) {
        Drain(one);
      } else {
        WakeAt(std::max(over_us, snapshot_.now_us + config_.check_ms * 1000));
      }
    }
  }

  const ModelSnapshot& snapshot_;
  const ModelPolicyConfig& config_;
  ModelDecision decision_;
  int voices_ = 0;
  int voices_leaving_ = 0;
  int64_t memory_ = 0;
  int64_t memory_leaving_ = 0;
  std::vector<ModelKind> loading_kinds_;
};

}  // namespace

Status ModelPolicyConfig::Validate() const {
  const auto need = [](bool holds, const std::string& what) -> Status {
    if (holds) return {};
    return Fail(Code::kInvalidArgument, what);
  };
  PARLEY_TRY_STATUS(need(ttl_ms >= 0, "ttl_ms is " + std::to_string(ttl_ms) + ", must be ≥ 0"));
  PARLEY_TRY_STATUS(
      need(residency_ms >= 0, "residency_ms is " + std::to_string(residency_ms) + ", must be ≥ 0"));
  PARLEY_TRY_STATUS(
      need(check_ms >= 100, "check_ms is " + std::to_string(check_ms) + ", must be ≥ 100"));
  PARLEY_TRY_STATUS(
      need(resident_cap >= 1, "resident_cap is " + std::to_string(resident_cap) + ", must be ≥ 1"));
  PARLEY_TRY_STATUS(need(parallel_loads >= 1,
                         "parallel_loads is " + std::to_string(parallel_loads) + ", must be ≥ 1"));
  PARLEY_TRY_STATUS(
      need(memory_budget_bytes >= 0,
           "memory_budget_bytes is " + std::to_string(memory_budget_bytes) + ", must be ≥ 0"));
  return need(backoff_min_ms >= 1 && backoff_max_ms >= backoff_min_ms,
              "backoff_min_ms is " + std::to_string(backoff_min_ms) + ", backoff_max_ms " +
                  std::to_string(backoff_max_ms) + "; must be 1 ≤ min ≤ max");
}

ModelDecision Decide(const ModelSnapshot& snapshot, const ModelPolicyConfig& config) {
  return Planner(snapshot, config).Run();
}

int64_t BackoffUs(int failures, const ModelPolicyConfig& config) {
  if (failures <= 0) return 0;
  const int doublings = std::min(failures - 1, kDoublingsMax);
  return std::min(config.backoff_min_ms << doublings, config.backoff_max_ms) * 1000;
}

Status CheckCap(const std::vector<std::string>& pinned_voices, const ModelPolicyConfig& config) {
  const std::set<std::string> all(pinned_voices.begin(), pinned_voices.end());
  if (static_cast<int>(all.size()) <= config.resident_cap) return {};
  std::string names;
  for (const std::string& name : all) names += (names.empty() ? "" : ", ") + name;
  return Fail(Code::kInvalidArgument, "the default and preloaded voices (" + names + ") are " +
                                          std::to_string(all.size()) + ", resident_cap is " +
                                          std::to_string(config.resident_cap) +
                                          "; raise the cap or preload fewer");
}

}  // namespace parley::worker
