#include "router/choice.h"

#include <algorithm>

namespace parley::router {
namespace {

using ports::ModelInfo;
using ports::ModelState;

struct Candidate {
  size_t index = 0;
  bool knows_language = false;
  bool resident = false;
  bool full = false;
  int load = 0;
};

// The model that would do the work there, or null.
const ModelInfo* ModelFor(const ports::WorkerCapabilities& worker, const Wanted& wanted) {
  for (const ModelInfo& model : worker.models) {
    if (model.kind != wanted.kind) continue;
    if (wanted.model.empty() ? model.is_default : model.id == wanted.model) return &model;
  }
  return nullptr;
}

bool GoesBefore(const Candidate& a, const Candidate& b) {
  if (a.full != b.full) return b.full;
  return a.load < b.load;
}

// Keeps those for whom it holds, if there are any.
void Prefer(std::vector<Candidate>& candidates, bool Candidate::*holds) {
  if (std::none_of(candidates.begin(), candidates.end(),
                   [&](const Candidate& one) { return one.*holds; })) {
    return;
  }
  std::erase_if(candidates, [&](const Candidate& one) { return !(one.*holds); });
}

std::string WhyNot(const WorkerView& worker) {
  if (worker.capabilities == nullptr || !worker.reachable) return "cannot be reached";
  if (worker.capabilities->draining) return "is draining";
  if (!worker.allowed) return "failed just now";
  return "was tried";
}

bool IsPrefixTag(const std::string& shorter, const std::string& longer) {
  return longer.size() > shorter.size() && longer.starts_with(shorter) &&
         longer[shorter.size()] == '-';
}

std::string What(const Wanted& wanted) {
  std::string what = std::string(ports::ModelKindName(wanted.kind)) + " model";
  if (!wanted.model.empty()) what += " '" + wanted.model + "'";
  return what;
}

}  // namespace

bool LanguageMatches(const std::vector<std::string>& spoken, const std::string& wanted) {
  if (wanted.empty() || spoken.empty()) return true;
  return std::any_of(spoken.begin(), spoken.end(), [&](const std::string& one) {
    return one == wanted || IsPrefixTag(one, wanted) || IsPrefixTag(wanted, one);
  });
}

Result<size_t> Choose(std::span<const WorkerView> workers, const Wanted& wanted,
                      std::span<const size_t> tried, SplitMix64& random) {
  std::vector<Candidate> candidates;
  candidates.reserve(workers.size());
  bool any_knows = false;
  std::string reasons;
  for (size_t i = 0; i < workers.size(); ++i) {
    const WorkerView& worker = workers[i];
    const ModelInfo* model = worker.capabilities ? ModelFor(*worker.capabilities, wanted) : nullptr;
    if (worker.capabilities != nullptr && model == nullptr) continue;
    any_knows |= model != nullptr;
    const bool was_tried = std::find(tried.begin(), tried.end(), i) != tried.end();
    if (model == nullptr || !worker.reachable || !worker.allowed || worker.capabilities->draining ||
        was_tried) {
      reasons += (reasons.empty() ? "" : "; ") + worker.address + " " + WhyNot(worker);
      continue;
    }
    const int load = std::max(worker.in_flight, model->in_use);
    candidates.push_back({.index = i,
                          .knows_language = LanguageMatches(model->languages, wanted.language),
                          .resident = model->state == ModelState::kReady,
                          .full = model->slots > 0 && load >= model->slots,
                          .load = load});
  }
  Prefer(candidates, &Candidate::knows_language);
  Prefer(candidates, &Candidate::resident);
  if (candidates.empty()) {
    const bool none_has_it = !any_knows && reasons.empty();
    return Fail(none_has_it ? Code::kNotFound : Code::kUnavailable,
                none_has_it ? "no worker has a " + What(wanted)
                            : "no worker for a " + What(wanted) + " now: " + reasons);
  }
  if (candidates.size() == 1) return candidates[0].index;
  const size_t first = random.Next() % candidates.size();
  size_t second = random.Next() % (candidates.size() - 1);
  if (second >= first) ++second;
  const bool take_second = GoesBefore(candidates[second], candidates[first]);
  return candidates[take_second ? second : first].index;
}

}  // namespace parley::router
