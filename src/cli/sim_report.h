// The scores of a simulation as a report, each beside its target.
#pragma once

#include "cli/bench/report.h"
#include "sim/scores.h"

namespace parley::cli {

// Calls in four worlds: engines on two cores with and without speculation, on two slower cores, and
// on a GPU.
struct SimOutcome {
  sim::Scores two_cores;
  sim::Scores reactive;
  sim::Scores slow;
  sim::Scores gpu;
  double seconds = 0;  // of processor time that it took
  uint64_t first_seed = 1;
};
bench::Report SimReport(const SimOutcome& outcome);

// No promise was broken and no call is stuck.
bool IsSound(const SimOutcome& outcome);

}  // namespace parley::cli
