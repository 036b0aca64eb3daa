// What one turn tells: "why was this turn slow?" must be answerable from it alone. Filled by the
// core, kept in a ring by the session. Times are the driver's clock, 0 while it has not happened.
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "turn/domain_event.h"

namespace parley::turn {

enum class EndReason {
  kUndecided,
  kSilence,  // T(p) or silence_duration_ms passed
  kText,     // the words were decisive
  kLimit,    // the protocol's longest wait, or the longest segment
  kClient,   // the client committed or asked for a response
  kIdleTimeout,
};
enum class DraftOutcome { kNone, kHit, kWasted };

struct TurnRecord {
  TurnId turn;
  SegmentId segment;  // none: the client asked for the response

  // The user's side.
  int64_t speech_end_us = 0;  // when the last speech sample arrived
  int64_t decided_us = 0;
  EndReason end_reason = EndReason::kUndecided;
  float probability = -1;  // of the end-of-turn model; −1: it had not answered
  int silence_needed_ms = 0;
  int silence_ms = 0;
  float habit = 1;
  bool wants_more = false;
  int64_t transcript_us = 0;  // when the words were settled
  std::string transcript;

  // The agent's side.
  DraftOutcome draft = DraftOutcome::kNone;
  int drafts_wasted = 0;
  int64_t reply_started_us = 0;
  int64_t first_token_us = 0;
  int64_t first_clause_us = 0;
  int64_t first_speech_us = 0;
  int64_t first_frame_us = 0;  // left the server
  int64_t released_us = 0;     // the launch gate opened
  int64_t last_frame_us = 0;
  int64_t played_us = 0;
  int64_t ended_us = 0;
  int64_t sent_samples = 0;
  int64_t played_samples = 0;
  int voice_retries = 0;
  ResponseStatus status = ResponseStatus::kCompleted;
  ResponseReason reason = ResponseReason::kNone;
};

}  // namespace parley::turn
