// One agent turn as the core keeps it, from draft or reply to its end.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/ids.h"
#include "segment/segmenter.h"
#include "turn/heard_ledger.h"
#include "turn/state.h"
#include "turn/turn_record.h"

namespace parley::turn {

struct AgentTurn {
  explicit AgentTurn(int rate_hz) : ledger(rate_hz) {
    text.reserve(2048);
    draft_transcript.reserve(1024);
    record.transcript.reserve(1024);
    failure.reserve(256);
  }

  TurnId id;
  TurnState state = TurnState::kEnded;
  bool audio = true;
  bool by_client = false;  // asked for by the client: answered even without new words
  bool interruptible = true;
  bool response_created = false;
  bool response_done = false;
  bool text_done = false;
  bool cut_short = false;
  bool speech_ended = false;  // EndSpeech was asked for
  bool something_ready = false;
  bool apology = false;
  bool called_tool = false;
  bool need_context = false;  // the next Speak opens a new stream
  ResponseReason failed = ResponseReason::kNone;
  std::string failure;
  std::string draft_transcript;

  std::string text;      // the model's own
  size_t published = 0;  // bytes of it that the client was told
  segment::Segmenter segmenter;
  HeardLedger ledger;
  int64_t sent = 0;  // samples
  int64_t played = 0;
  int64_t progress_us = 0;    // when sound last left or was heard
  int64_t reply_due_us = 0;   // the language model's next word; 0: none is awaited
  int64_t speech_due_us = 0;  // the voice's first sound
  int64_t held_since_us = 0;  // ready, but the user has the floor
  TurnRecord record;

  bool live() const { return state != TurnState::kEnded; }
  bool has_floor() const {
    return state == TurnState::kSpeaking || state == TurnState::kDucked ||
           state == TurnState::kPaused;
  }

  void Begin(TurnId turn, TurnState first, bool with_audio) {
    id = turn;
    state = first;
    audio = with_audio;
    interruptible = true;
    by_client = response_created = response_done = text_done = cut_short = speech_ended = false;
    something_ready = apology = called_tool = need_context = false;
    failed = ResponseReason::kNone;
    failure.clear();
    draft_transcript.clear();
    text.clear();
    published = 0;
    segmenter.Reset();
    ledger.Clear();
    sent = played = progress_us = reply_due_us = speech_due_us = held_since_us = 0;
    std::string transcript = std::move(record.transcript);
    transcript.clear();
    record = TurnRecord();
    record.transcript = std::move(transcript);
    record.turn = turn;
  }
};

// What is kept of an ended turn so that the client may still say where it stopped listening.
struct EndedTurn {
  explicit EndedTurn(int rate_hz) : ledger(rate_hz) { text.reserve(2048); }
  TurnId id;
  bool in_history = true;  // an apology is not
  std::string text;
  HeardLedger ledger;
  int64_t sent = 0;
  int64_t played = 0;
  size_t published = 0;
};

}  // namespace parley::turn
