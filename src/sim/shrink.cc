#include "sim/shrink.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "turn/invariants.h"

namespace parley::sim {
namespace {

// The digests of what is left, so that it replays as it is.
void Seal(turn::Trace& trace) {
  const auto core = turn::Core::Create(trace.config);
  if (!core) return;
  for (turn::Trace::Step& step : trace.steps) {
    step.digest = turn::DigestOf((*core)->Step(step.event));
  }
}

}  // namespace

std::string BrokenInvariant(const turn::Core::Config& config, Steps steps, size_t& upto) {
  const auto core = turn::Core::Create(config);
  if (!core) return {};
  turn::InvariantChecker checker;
  for (size_t i = 0; i < steps.size(); ++i) {
    const auto actions = (*core)->Step(steps[i].event);
    const std::string_view broken = checker.Observe(actions, (*core)->snapshot());
    if (broken.empty()) continue;
    upto = i + 1;
    return std::string(broken);
  }
  return {};
}

Shrunk Shrink(turn::Trace trace, const Breaks& breaks, int replays_max) {
  Shrunk shrunk;
  std::vector<turn::Trace::Step>& steps = trace.steps;
  size_t upto = steps.size();
  shrunk.broken = breaks(trace.config, steps, upto);
  shrunk.replays = 1;
  if (!shrunk.broken.empty()) steps.resize(upto);
  size_t portion = shrunk.broken.empty() ? 0 : std::max<size_t>(steps.size() / 2, 1);
  while (portion > 0) {
    bool spared = false;
    for (size_t at = 0; at < steps.size() && shrunk.replays < replays_max;) {
      const size_t behind = std::min(at + portion, steps.size());
      std::vector<turn::Trace::Step> fewer(steps.begin(),
                                           steps.begin() + static_cast<ptrdiff_t>(at));
      fewer.insert(fewer.end(), steps.begin() + static_cast<ptrdiff_t>(behind), steps.end());
      ++shrunk.replays;
      upto = fewer.size();
      if (breaks(trace.config, fewer, upto) != shrunk.broken) {
        at = behind;
        continue;
      }
      fewer.resize(upto);
      steps = std::move(fewer);
      spared = true;
    }
    if (shrunk.replays >= replays_max || (portion == 1 && !spared)) break;
    portion = std::max<size_t>(portion / 2, 1);
  }
  if (!shrunk.broken.empty()) Seal(trace);
  shrunk.trace = std::move(trace);
  return shrunk;
}

}  // namespace parley::sim
