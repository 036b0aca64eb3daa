// What the core wants done, in this order, by the driver. Text is a view into the core, valid until
// its next Step.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "base/ids.h"
#include "turn/domain_event.h"
#include "turn/event.h"
#include "turn/turn_record.h"

namespace parley::turn {

// A recognizer stream for the uplink from this sample on.
struct OpenSegment {
  SegmentId segment;
  int64_t from_sample = 0;
};
// No audio from `upto_sample` on belongs to the segment. Unless discarded, a flush that is under
// way is still answered; then the stream ends.
struct CloseSegment {
  SegmentId segment;
  int64_t upto_sample = 0;
  bool discard = false;
};
// Score the speech of the segment up to `upto_sample`; the newest request is the only one wanted.
struct AskEndOfTurn {
  PauseId pause;
  SegmentId segment;
  int64_t upto_sample = 0;
};
struct SetPartials {
  SegmentId segment;
  bool on = true;
};
struct FlushRecognizer {
  SegmentId segment;
  FlushId flush;
  int64_t upto_sample = 0;
};

// Ask the language model, with the history and this transcript behind it, which is not in the
// history. Nothing of a draft may leave the server.
struct StartDraft {
  TurnId turn;
  std::string_view transcript;
};
// The draft is the reply now: its transcript has entered the history.
struct PromoteDraft {
  TurnId turn;
};
struct DropDraft {
  TurnId turn;
};
// Ask the language model with the history as it stands. While an earlier turn is still being spoken
// (`speaking`), its text so far is not in the history yet, but the person will have heard it by
// then: it belongs before the user's words that came after it began.
struct StartReply {
  TurnId turn;
  TurnId speaking;
  std::string_view speaking_text;
};
// For the voice of that turn; utterances are spoken in order. A turn's first one opens its stream,
// and so does the first after a failure of the stream; then `context_before` says what came before.
struct Speak {
  TurnId turn;
  UtteranceId utterance;
  std::string_view text;
  std::string_view context_before;
};
// No Speak follows for this turn.
struct EndSpeech {
  TurnId turn;
};
// The prepared apology, as an utterance of that turn; its voice stops.
struct SpeakApology {
  TurnId turn;
  UtteranceId utterance;
};
// The language model of that turn stops; what it said stays.
struct StopReply {
  TurnId turn;
};
// Language model and voice of that turn stop; nothing of it passes any door.
struct CancelTurn {
  TurnId turn;
};

// The gain of what is played from now on.
struct SetGain {
  double db = 0;
  int ramp_ms = 0;
};
// The turn's audio is collected; none leaves.
struct HoldPlayout {
  TurnId turn;
};
// The launch gate is open: the turn has the floor, and every older one has lost it.
struct ReleasePlayout {
  TurnId turn;
};
// The turn on the floor is silent from here on, and goes on from there: nothing is lost, nothing
// repeated. What a client of another kind holds is heard all the same.
struct PausePlayout {
  TurnId turn;
};
struct ResumePlayout {
  TurnId turn;
};
// What has not left is thrown away, and what a client of ours still holds.
struct DropPlayout {
  TurnId turn;
};
// Of that utterance nothing past this sample is sent (if it was not already).
struct TrimSpeech {
  TurnId turn;
  UtteranceId utterance;
  int64_t samples = 0;
};

enum class Speaker { kUser, kAgent };
// The user's words once they are settled, or what was heard of the agent's. `cut`: the agent was
// stopped. With the same id again the entry's text is corrected; an empty text removes it.
struct AppendHistory {
  Speaker speaker = Speaker::kUser;
  SegmentId segment;  // of the user
  TurnId turn;        // of the agent
  std::string_view text;
  bool cut = false;
};

struct Notify {
  DomainEvent event;
};
struct SetDeadline {
  DeadlineId id = DeadlineId::kFinal;
  int64_t at_us = 0;
};
struct ClearDeadline {
  DeadlineId id = DeadlineId::kFinal;
};
// A turn is over. The record is the core's, valid until its next Step.
struct RecordTurn {
  const TurnRecord* record = nullptr;
};

using Action = std::variant<OpenSegment, CloseSegment, AskEndOfTurn, SetPartials, FlushRecognizer,
                            StartDraft, PromoteDraft, DropDraft, StartReply, Speak, EndSpeech,
                            SpeakApology, StopReply, CancelTurn, SetGain, HoldPlayout,
                            ReleasePlayout, PausePlayout, ResumePlayout, DropPlayout, TrimSpeech,
                            AppendHistory, Notify, SetDeadline, ClearDeadline, RecordTurn>;

}  // namespace parley::turn
