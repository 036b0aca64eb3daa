// An hour in a worker's life by a script, in virtual time: who asks for which model, for how long,
// and what breaks; with models of declared memory and time to load. What the manager did is told
// second by second. One sequence.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace parley::worker::testing {

struct HourTrace {
  struct Moment {
    int64_t second = 0;
    std::string what;  // "bert is loading", "a call for carl begins", "a call for bert is refused"
  };
  struct Sample {
    int64_t second = 0;
    std::vector<int64_t> memory_mb;  // of each of `models` while its process lives
  };

  std::vector<std::string> models;
  int64_t budget_mb = 0;
  std::vector<Moment> moments;
  std::vector<Sample> samples;
};

HourTrace RunScriptedHour();

// For bench/models, which draws it.
std::string ToJson(const HourTrace& trace);

}  // namespace parley::worker::testing
