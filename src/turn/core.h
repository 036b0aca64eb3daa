// The conversation core: who has the floor. A pure state machine: Step takes what happened and
// answers what is to be done; no clock, thread, socket, model or log inside, so that the same code
// runs live, in virtual time and in replay, bit for bit. The driver (session/) feeds events and
// carries actions out in their order.
//
// Real-time rule: a Step of VoiceActivity, Played or Deadline allocates nothing.
//
// One sequence.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "turn/action.h"
#include "turn/config.h"
#include "turn/event.h"
#include "turn/state.h"

namespace parley::turn {

class Core {
 public:
  struct Config {
    Policy policy;
    TurnDetection detection;
    ClientFacts facts;
    int output_rate_hz = 24'000;  // of playout samples
    std::string language = "en";  // of the word lists
    // What the prepared apology says; shown to the client, never part of the history.
    std::string apology = "Sorry, I could not answer that. Please try again.";
    Status Validate() const;
  };

  static Result<std::unique_ptr<Core>> Create(const Config& config);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // The answer and what it points to are valid until the next Step.
  std::span<const Action> Step(const Event& event);

  Snapshot snapshot() const;

 private:
  class Impl;
  explicit Core(const Config& config);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace parley::turn
