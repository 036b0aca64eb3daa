// The conversation core: who has the floor. A pure state machine: Step takes what happened and
// answers what is to be done; no clock, thread, socket, model or log inside, so that the same code
// runs live, in virtual time and in replay, bit for bit. The driver (session/) feeds events and
// carries actions out in their order.
//
// What a driver must keep:
//  - Carry out all actions of a Step before the next one; what they cause at once (a refused
//  stream,
//    prepared sound) is queued as a later event.
//  - VoiceActivity windows come with the uplink_sample of their own end, in order; other events
//  with
//    how far the windows have come. Segments and flushes name places in that count.
//  - HoldPlayout comes before any Speak of its turn. A draft's speech is made and collected like
//  any
//    other's; since its turn is held, nothing of it leaves. PromoteDraft asks for nothing more: the
//    same streams go on. DropDraft is CancelTurn and DropPlayout in one.
//  - SpeechDone and marks count samples at the core's output rate; a driver that plays at another
//    rate rounds each down, so that what is played never falls short of the sum.
//  - Played is reported whenever sent or played changed, before any event that was caused later.
//  - A SpeechFailed of a whole stream names the first utterance that had not ended; the next Speak
//    opens a new stream. TrimSpeech also means that sound of that utterance is no longer wanted.
//  - CancelTurn is the last that is heard of a turn's streams; its RecordTurn ends the turn itself.
//  - With voice activity detection, a microphone that sends nothing while a segment is open must be
//    continued with silence, or the turn never ends.
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
