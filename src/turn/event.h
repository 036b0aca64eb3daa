// What happens to a conversation, as the core is told it. Every event carries the driver's clock
// and how far the uplink has come; what belongs to a turn, utterance, segment, pause or flush
// carries that id, and is dropped and counted when the id is not live.
//
// Samples named uplink are 16 kHz samples received since the session began, filled-in silence
// included. Samples of playout count from the start of a turn's audio at the session's output rate.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/ids.h"
#include "turn/config.h"

namespace parley::turn {

inline constexpr int kUplinkRateHz = 16'000;

// From the microphone's side.

// Every 512 uplink samples (32 ms), ending at the event's uplink_sample.
struct VoiceActivity {
  float probability = 0;    // 0 to 1
  float level_dbfs = -100;  // of the window
};
// How much the uplink of a segment resembles what was played.
struct EchoEvidence {
  SegmentId segment;
  float correlation = 0;
  int lag_ms = 0;
};
struct EndOfTurnScore {
  PauseId pause;
  float probability = 0;  // that the turn is complete
};
struct PartialTranscript {
  SegmentId segment;
  int64_t upto_sample = 0;  // uplink
  std::string text;
  int stable_words = 0;
};
struct FinalTranscript {
  SegmentId segment;
  FlushId flush;
  int64_t from_sample = 0;  // uplink
  int64_t upto_sample = 0;
  std::string text;
  bool no_speech = false;
};
struct TranscriptFailed {
  SegmentId segment;
  std::string message;
};

// From the dialogue.

struct ReplyText {
  TurnId turn;
  std::string delta;  // whole UTF-8 characters
};
struct ReplyTextDone {
  TurnId turn;
  bool cut_short = false;  // it reached its limit of tokens
};
struct ReplyFailed {
  TurnId turn;
  std::string message;
};
struct ToolCall {
  TurnId turn;
  std::string call_id;
  std::string name;
  std::string arguments;  // JSON text
};

// From the voice. For each utterance spoken: SpeechReady at its first audio, marks, then SpeechDone
// or SpeechFailed, in the order of the Speak actions.

struct SpeechReady {
  TurnId turn;
  UtteranceId utterance;
};
struct SpeechMark {
  TurnId turn;
  UtteranceId utterance;
  uint32_t text_end = 0;  // byte offset in the text of the Speak action
  int64_t sample = 0;     // of the utterance, at the output rate
};
struct SpeechDone {
  TurnId turn;
  UtteranceId utterance;
  int64_t samples = 0;  // all that was delivered; 0 is an outcome of its own, not a failure
};
// `utterance` and, when `stream` is set, every later one will give no more audio.
struct SpeechFailed {
  TurnId turn;
  UtteranceId utterance;
  int64_t samples = 0;  // delivered before it failed
  bool retryable = false;
  bool stream = false;
  std::string message;
};

// From playout. `sent`: gone to the client; `played`: heard by the person, reported or estimated.
struct Played {
  TurnId turn;
  int64_t sent_samples = 0;
  int64_t played_samples = 0;
};

// From the client.

struct ClientCommit {};
struct ClientClear {};
struct ClientCancel {
  TurnId turn;  // none: whichever is active
};
struct ClientTruncate {
  TurnId turn;
  int64_t played_samples = 0;
};
struct ClientCreateResponse {
  bool audio = true;
  // False, e.g. for a legal notice: speech meanwhile is heard and answered afterwards, not obeyed.
  bool interruptible = true;
};
struct SessionUpdate {
  TurnDetection detection;
  ClientFacts facts;
  std::string language;  // of the word lists from here on; empty: as before
};

// One of each is armed at most; arming it again moves it.
enum class DeadlineId : uint8_t {
  kFinal,    // the recognizer's final of a decided turn
  kReply,    // the language model's next word
  kSpeech,   // the voice's next sound
  kHeld,     // a reply behind the launch gate
  kPlayout,  // progress of what is being played
  kIdle,     // nobody says anything
};
inline constexpr int kDeadlineCount = 6;
struct Deadline {
  DeadlineId id = DeadlineId::kFinal;
};

using EventBody =
    std::variant<VoiceActivity, EchoEvidence, EndOfTurnScore, PartialTranscript, FinalTranscript,
                 TranscriptFailed, ReplyText, ReplyTextDone, ReplyFailed, ToolCall, SpeechReady,
                 SpeechMark, SpeechDone, SpeechFailed, Played, ClientCommit, ClientClear,
                 ClientCancel, ClientTruncate, ClientCreateResponse, SessionUpdate, Deadline>;

struct Event {
  int64_t now_us = 0;         // never going back
  int64_t uplink_sample = 0;  // never going back
  EventBody body;
};

}  // namespace parley::turn
