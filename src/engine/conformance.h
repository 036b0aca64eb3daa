// Runs any engine through the engine protocol and says what it keeps and what it breaks, for
// `parley engine check` and for the tests of every engine. Starts the engine's program several
// times: some checks end it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/messages.h"
#include "engine/spec.h"
#include "ports/contract_report.h"

namespace parley::engine {

struct ConformanceConfig {
  EngineSpec spec;
  Load load;
  // How long any one answer of a loaded model may take; the load itself has the spec's deadline.
  int64_t answer_ms = 60'000;
  // How long after a cancel the slot may take to be free.
  int64_t idle_ms = 10'000;
  // asr: what it is given to hear, at 16 kHz; empty: two seconds of noise that comes and goes.
  std::vector<float> speech;
  // tts: what is spoken where any text will do.
  std::string text = "This is a test of the voice.";
  // Names of the checks to run; empty: all.
  std::vector<std::string> only;
  // Called after each check, while the others still wait.
  std::function<void(const ports::ContractCheck&)> on_check;
};

struct ConformanceReport : ports::ContractReport {
  std::optional<Hello> hello;
  std::optional<Loaded> loaded;

  // The report's, with "engine", "version", "kind" and "runtime" once it has said them.
  std::string ToJson() const;
};

// Blocks until all is checked. Not thread-safe with itself for one spec with a socket_path.
ConformanceReport CheckConformance(const ConformanceConfig& config);

}  // namespace parley::engine
