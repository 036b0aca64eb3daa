// Many simulated calls, one after the other, and what they score together.
//
// One sequence; simulations of different seeds may run side by side.
#pragma once

#include <cstdint>
#include <functional>

#include "sim/scores.h"
#include "sim/world.h"
#include "turn/trace.h"

namespace parley::sim {

struct Plan {
  World world;
  uint64_t first_seed = 1;  // of the first call; each next call has the next
  double minutes = 100;     // of calls, at least
};
// Told after each call; false ends the simulation.
using Progress = std::function<bool(const Scores& so_far)>;
Scores Simulate(const Plan& plan, const Progress& progress = {});

// The call of one seed, recorded as the core saw it.
struct Recorded {
  Scores scores;
  turn::Trace trace;
};
Recorded Record(const World& world, uint64_t seed);

}  // namespace parley::sim
