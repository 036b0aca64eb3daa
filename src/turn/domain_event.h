// What a client is told about a conversation, before any protocol: the core decides these and their
// order, session/ adds the names a protocol needs (item and response ids, previous items, audio,
// usage), realtime/ encodes the result. One user turn is one SegmentId is one item; one reply is
// one TurnId is one response with one message item.
//
// Text is a view into the core, valid until its next Step: encode or copy at once.
// Uplink positions are samples at 16 kHz that include filled-in silence; session/ turns them into
// milliseconds of appended audio.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "base/ids.h"

namespace parley::turn {

struct SpeechStarted {
  SegmentId segment;
  int64_t from_sample = 0;  // the onset less the padding before it
};
// Each SpeechStarted has exactly one.
struct SpeechStopped {
  SegmentId segment;
  int64_t upto_sample = 0;  // with the silence that decided it
};
// The user's item joins the conversation.
struct AudioCommitted {
  SegmentId segment;
  int64_t from_sample = 0;
  int64_t upto_sample = 0;
};
struct AudioCleared {};
// The silence itself becomes an item; AudioCommitted and a response follow.
struct IdleTimeout {
  SegmentId segment;
  int64_t from_sample = 0;
  int64_t upto_sample = 0;
};
// Text heard so far of an open or committed user turn; later ones replace it. For clients that show
// live words.
struct TranscriptUpdated {
  SegmentId segment;
  std::string_view text;
};
// The words of a committed item, once; empty when nothing was said.
struct TranscriptCompleted {
  SegmentId segment;
  std::string_view text;
};
struct TranscriptionFailed {
  SegmentId segment;
  std::string_view message;
};

struct ResponseCreated {
  TurnId turn;
  bool audio = true;
};
// The reply may be seen and heard from here on: its item is added.
struct ResponseStarted {
  TurnId turn;
};
// More of the reply's text: of what is written (text), or spoken from here on (audio).
struct ResponseText {
  TurnId turn;
  std::string_view text;
};
struct FunctionCalled {
  TurnId turn;
  std::string_view call_id;
  std::string_view name;
  std::string_view arguments;
};

enum class ResponseStatus { kCompleted, kCancelled, kIncomplete, kFailed };
enum class ResponseReason {
  kNone,
  kTurnDetected,     // cancelled: the user spoke
  kClientCancelled,  // cancelled: response.cancel
  kTokenLimit,       // incomplete
  kNoReply,          // failed: the language model failed or stayed silent
  kNoSpeech,         // failed: the voice failed
  kStalled,          // failed: the sound could not be sent
};
// Exactly one for each ResponseCreated, after everything else of it. A failed one may follow an
// apology, which was its text and audio.
struct ResponseDone {
  TurnId turn;
  ResponseStatus status = ResponseStatus::kCompleted;
  ResponseReason reason = ResponseReason::kNone;
  std::string_view message;  // of a failure, for people
};

// The answer to ClientTruncate: what the item still says.
struct ReplyTruncated {
  TurnId turn;
  std::string_view text;
};

// The client's event just handled had no effect, for this reason.
enum class RejectReason {
  kCommitEmpty,      // less than 100 ms of audio to commit; `samples` says how much
  kActiveResponse,   // a response is already active: `turn`
  kNothingToCancel,  // no response is active
  kTruncateUnknown,  // the turn is not known (any more)
  kTruncateBeyond,   // more than was sent; `samples` says how much was
};
struct Rejected {
  RejectReason reason = RejectReason::kCommitEmpty;
  TurnId turn;
  int64_t samples = 0;
};

using DomainEvent =
    std::variant<SpeechStarted, SpeechStopped, AudioCommitted, AudioCleared, IdleTimeout,
                 TranscriptUpdated, TranscriptCompleted, TranscriptionFailed, ResponseCreated,
                 ResponseStarted, ResponseText, FunctionCalled, ResponseDone, ReplyTruncated,
                 Rejected>;

}  // namespace parley::turn
