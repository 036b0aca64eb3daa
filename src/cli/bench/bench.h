// `parley bench`: measures what a person feels, with real processes and real models: how long the
// answer takes, how soon an interrupted agent is silent, how fast the voice and the recognizer are,
// what the processes weigh.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "cli/bench/report.h"

namespace parley::cli::bench {

struct BenchConfig {
  std::filesystem::path program;   // the parley whose `up` is measured
  std::filesystem::path material;  // folder made by bench/make_material
  int questions = 24;              // at most so many of the material
  int interruptions = 8;
  int utterances = 20;       // of each kind for the voice
  bool embedded_llm = true;  // also with the embedded language model, as it comes
  std::string commit;        // of the report; empty: "unknown"
};

// Says what it is at, for a progress line.
using BenchProgress = std::function<void(std::string_view what, int done, int of)>;

Result<Report> RunBench(const BenchConfig& config, const BenchProgress& progress);

}  // namespace parley::cli::bench
