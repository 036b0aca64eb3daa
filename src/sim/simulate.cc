#include "sim/simulate.h"

#include "sim/call.h"

namespace parley::sim {

Scores Simulate(const Plan& plan, const Progress& progress) {
  Scores all;
  for (uint64_t seed = plan.first_seed; all.minutes < plan.minutes; ++seed) {
    all.Add(Call(plan.world, seed).Run());
    if (progress && !progress(all)) break;
  }
  return all;
}

Recorded Record(const World& world, uint64_t seed) {
  Recorded recorded;
  Call call(world, seed, [&](const turn::Event& event, std::span<const turn::Action> actions) {
    recorded.trace.steps.push_back({event, turn::DigestOf(actions)});
  });
  recorded.trace.config = call.setup().core;
  recorded.scores = call.Run();
  return recorded;
}

}  // namespace parley::sim
