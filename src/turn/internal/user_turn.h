// One user turn as the core keeps it: a segment from its onset to the decided end, and until its
// words are settled.
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "turn/event.h"
#include "turn/turn_record.h"

namespace parley::turn {

struct Pause {
  PauseId id;
  int64_t asked_ms = 0;     // of silence, when the model was last asked
  int64_t next_ask_ms = 0;  // of silence
  float probability = -1;
};

// What the words so far say, worked out when they come.
struct TextFacts {
  int words = 0;
  int content_words = 0;  // neither backchannel nor, while it speaks, the agent's own
  bool only_backchannel = false;
  bool stop_word = false;
  bool echo_words = false;  // mostly the agent's own
  bool wants_more = false;
  bool yes_no = false;
  bool ends_sentence = false;
};

struct UserTurn {
  SegmentId id;
  int64_t from_sample = 0;  // onset less the padding
  int64_t speech_from = 0;  // onset
  int64_t speech_end = 0;   // behind the last window that was not silence
  int64_t speech_end_us = 0;
  int64_t voiced_samples = 0;  // since it was last weighed and found to be nothing
  int64_t voiced_in_all = 0;
  bool announced = false;
  bool client_made = false;   // committed without voice activity: no speech_started
  bool during_agent = false;  // began while the agent spoke
  bool echo_sound = false;
  bool recognizer_failed = false;
  std::string failure;

  // The words so far.
  std::string text;
  TextFacts text_facts;
  int64_t text_from = 0;
  int64_t text_upto = 0;
  int64_t final_upto = -1;  // what finals cover; −1: none has come
  FlushId flush;            // the newest asked for
  int64_t flush_upto = -1;
  int early_flushes = 0;
  int64_t evidence_flushed_at = 0;  // voiced samples when last asked what was said

  Pause pause;
  int drafts = 0;
  int drafts_wasted = 0;

  // Once decided.
  bool wants_reply = false;
  int64_t closed_upto = 0;
  int64_t final_deadline_us = 0;
  TurnRecord record;

  // A transcript may end a little before the last window that was not silence.
  bool TextCoversSpeech() const { return text_upto + kUplinkRateHz * 64 / 1000 >= speech_end; }

  void Clear() {
    std::string kept_text = std::move(text);
    std::string kept_failure = std::move(failure);
    std::string kept_transcript = std::move(record.transcript);
    *this = UserTurn();
    kept_text.clear();
    kept_failure.clear();
    kept_transcript.clear();
    text = std::move(kept_text);
    failure = std::move(kept_failure);
    record.transcript = std::move(kept_transcript);
  }
};

}  // namespace parley::turn
