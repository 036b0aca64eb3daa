// A failing trace made short: events are left out as long as the same promise is broken, until no
// single one can be spared (delta debugging: Zeller and Hildebrandt, 2002, `ddmin`).
#pragma once

#include <functional>
#include <span>
#include <string>

#include "turn/trace.h"

namespace parley::sim {

using Steps = std::span<const turn::Trace::Step>;
// What these events break, empty for nothing; `upto` is then how many of them it took.
using Breaks =
    std::function<std::string(const turn::Core::Config& config, Steps steps, size_t& upto)>;
// The first invariant of the core.
std::string BrokenInvariant(const turn::Core::Config& config, Steps steps, size_t& upto);

struct Shrunk {
  turn::Trace trace;
  std::string broken;  // empty: the trace breaks nothing, and is given back whole
  int replays = 0;
};
// `replays_max` bounds the work; what is reached by then is given back.
Shrunk Shrink(turn::Trace trace, const Breaks& breaks = BrokenInvariant, int replays_max = 20'000);

}  // namespace parley::sim
