// The states of a conversation's parts, their legal edges, and what the core lets others see.
//
//   user:   quiet ──onset──► speaking ──offset──► pausing ──(end decided, or discarded)──► quiet
//                               ▲                    │ onset again: one turn goes on
//                               └────────────────────┘
//   turn:   drafting ──promoted──► thinking ──first sound or text, gate open──► speaking ──► ended
//              │                      │ ▲ waiting ──transcript settled──┘        │  ▲
//              └───────► ended ◄──────┘ (and ended from every state)  user onset ▼  │ no evidence
//                                                                             ducked ──► ended
//
// "Thinking" with something ready and the gate closed is what the design calls held.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.h"

namespace parley::turn {

enum class UserState : uint8_t { kQuiet, kSpeaking, kPausing };
enum class TurnState : uint8_t {
  kDrafting,  // made from a likely end, may not leave the server
  kWaiting,   // a response that waits for the user's words
  kThinking,  // the language model is at work; nothing has left
  kSpeaking,  // it has the floor
  kDucked,    // it has the floor, and the user may be interrupting
  kPaused,    // … likely is: silent, to stop for good or to go on where it was
  kEnded,
};

bool IsLegal(UserState from, UserState to);
bool IsLegal(TurnState from, TurnState to);
std::string_view Name(UserState state);
std::string_view Name(TurnState state);

// Changes a state along a legal edge; an illegal one is a bug of the core and aborts.
template <class State>
void Transition(State& state, State to);

extern template void Transition(UserState& state, UserState to);
extern template void Transition(TurnState& state, TurnState to);

// What invariants and consoles look at.
struct Snapshot {
  bool detects = true;  // by voice activity; else the client runs the turns
  UserState user = UserState::kQuiet;
  SegmentId segment;  // open, if any
  int settling = 0;   // decided segments that wait for their words
  TurnId floor_id;    // the newest turn the gate let out
  TurnId floor;       // speaking, ducked or paused
  TurnState floor_state = TurnState::kEnded;
  TurnId next;  // being prepared
  TurnState next_state = TurnState::kEnded;
  TurnId draft;
  // While the user pauses: that the turn is over, by the end-of-turn model (−1: not known), and how
  // much silence ends it.
  float probability = -1;
  int silence_needed_ms = 0;
  uint32_t armed = 0;               // bit per DeadlineId
  bool next_has_something = false;  // sound or text that waits for the gate
  uint64_t stale_events = 0;        // events without a live id
};

}  // namespace parley::turn
