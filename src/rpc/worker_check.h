// Holds any worker to the contract of proto/parley/speech/v1: runs streams of every kind that it
// serves and says what it keeps and what it breaks. For `parley worker check` and for the tests of
// our own. It loads nothing: what is ready is checked, with the models that are the defaults.
//
// The worker must have no other callers of the models that are checked, since slots are counted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ports/contract_report.h"
#include "rpc/speech_client.h"

namespace parley::rpc {

struct WorkerCheckConfig {
  SpeechClient::Config client;
  // Models to use; empty: the worker's default of the kind, and where it has none the kind is not
  // checked.
  std::string voice;
  std::string recognizer;
  std::string language_model;
  int64_t answer_ms = 30'000;                                 // how long any one answer may take
  std::vector<std::string> only;                              // names of checks to run; empty: all
  std::function<void(const ports::ContractCheck&)> on_check;  // after each, while others wait
};

struct WorkerCheckReport : ports::ContractReport {
  std::string address;
  std::string worker;  // its name and version

  // The report's, with "worker" and "address".
  std::string ToJson() const;
};

// Blocks until all is checked.
WorkerCheckReport CheckWorker(const WorkerCheckConfig& config);

}  // namespace parley::rpc
