#include "router/choice.h"

#include <algorithm>
#include <functional>

namespace parley::router {
namespace {

using ports::ModelInfo;
using ports::ModelState;

// So much more may who did the work before have to do than the least loaded.
constexpr int kAffinitySlack = 2;

struct Candidate {
  size_t index = 0;
  int load = 0;
  bool full = false;
  // In the order in which they count.
  bool trusted = false;
  bool knows_language = false;
  bool resident = false;
  bool free_gpu = false;
  bool near_and_free = false;
};

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

// Empty: it can.
std::string_view WhyNot(const WorkerView& worker, DevicePolicy devices) {
  if (!worker.known || !worker.reachable) return "cannot be reached";
  if (worker.draining) return "is draining";
  if (devices == DevicePolicy::kCpuOnly && worker.gpu) return "has a GPU, and policy is edge";
  if (!worker.allowed) return "failed just now";
  if (worker.tried) return "was tried";
  return "";
}

Candidate CandidateOf(const WorkerView& worker, size_t index, const Wanted& wanted) {
  const ModelInfo& model = *worker.model;
  const bool full = model.slots > 0 && worker.load >= model.slots;
  return {.index = index,
          .load = worker.load,
          .full = full,
          .trusted = worker.trusted,
          .knows_language = LanguageMatches(model.languages, wanted.language),
          .resident = model.state == ModelState::kReady,
          .free_gpu = worker.gpu && !full,
          .near_and_free = worker.near && !full};
}

bool IsPrefixTag(std::string_view shorter, std::string_view longer) {
  return longer.size() > shorter.size() && longer.starts_with(shorter) &&
         longer[shorter.size()] == '-';
}

std::string What(const Wanted& wanted) {
  std::string what = std::string(ports::ModelKindName(wanted.kind)) + " model";
  if (!wanted.model.empty()) what += " '" + wanted.model + "'";
  return what;
}

tl::unexpected<Error> Nobody(std::span<const WorkerView> workers, const Wanted& wanted,
                             DevicePolicy devices) {
  std::string reasons;
  for (const WorkerView& worker : workers) {
    if (worker.known && worker.model == nullptr) continue;
    reasons += (reasons.empty() ? "" : "; ") + std::string(worker.name) + " " +
               std::string(WhyNot(worker, devices));
  }
  if (reasons.empty() && !workers.empty()) {
    return Fail(Code::kNotFound, "no worker has a " + What(wanted));
  }
  return Fail(Code::kUnavailable, "no worker for a " + What(wanted) +
                                      " now: " + (reasons.empty() ? "none is known" : reasons));
}

// Who did it before, if that is still a good choice.
const Candidate* Before(const std::vector<Candidate>& candidates, std::optional<size_t> before) {
  if (!before) return nullptr;
  const Candidate* same = nullptr;
  int least = candidates[0].load;
  for (const Candidate& one : candidates) {
    if (one.index == *before) same = &one;
    least = std::min(least, one.load);
  }
  return same && !same->full && same->load <= least + kAffinitySlack ? same : nullptr;
}

}  // namespace

bool LanguageMatches(const std::vector<std::string>& spoken, std::string_view wanted) {
  if (wanted.empty() || spoken.empty()) return true;
  return std::any_of(spoken.begin(), spoken.end(), [&](const std::string& one) {
    return one == wanted || IsPrefixTag(one, wanted) || IsPrefixTag(wanted, one);
  });
}

Result<size_t> Choose(std::span<const WorkerView> workers, const Wanted& wanted,
                      DevicePolicy devices, std::optional<size_t> before, SplitMix64& random) {
  std::vector<Candidate> candidates;
  candidates.reserve(workers.size());
  for (size_t i = 0; i < workers.size(); ++i) {
    const WorkerView& worker = workers[i];
    if (worker.model == nullptr || !WhyNot(worker, devices).empty()) continue;
    candidates.push_back(CandidateOf(worker, i, wanted));
  }
  if (candidates.empty()) return Nobody(workers, wanted, devices);
  for (const auto holds : {&Candidate::trusted, &Candidate::knows_language, &Candidate::resident,
                           &Candidate::free_gpu, &Candidate::near_and_free}) {
    Prefer(candidates, holds);
  }
  if (const Candidate* same = Before(candidates, before)) return same->index;
  if (candidates.size() == 1) return candidates[0].index;
  const size_t first = random.Next() % candidates.size();
  size_t second = random.Next() % (candidates.size() - 1);
  if (second >= first) ++second;
  const bool take_second = GoesBefore(candidates[second], candidates[first]);
  return candidates[take_second ? second : first].index;
}

ModelIndex::Key::Key(ports::ModelKind model_kind, std::string_view model_name)
    : kind(model_kind),
      name(model_name),
      hash(std::hash<std::string_view>()(model_name) + static_cast<uint64_t>(model_kind)) {}

ModelIndex::ModelIndex(const std::vector<ModelInfo>& models) {
  entries_.reserve(models.size() + 3);
  for (const ModelInfo& model : models) {
    entries_.push_back({Key(model.kind, model.id).hash, &model});
    if (model.is_default) entries_.push_back({Key(model.kind, "").hash, &model});
  }
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.hash < b.hash; });
}

const ModelInfo* ModelIndex::Find(const Key& key) const {
  auto at = std::lower_bound(entries_.begin(), entries_.end(), key.hash,
                             [](const Entry& entry, uint64_t hash) { return entry.hash < hash; });
  for (; at != entries_.end() && at->hash == key.hash; ++at) {
    const ModelInfo& model = *at->model;
    if (model.kind != key.kind) continue;
    if (key.name.empty() ? model.is_default : model.id == key.name) return &model;
  }
  return nullptr;
}

}  // namespace parley::router
