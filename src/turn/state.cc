#include "turn/state.h"

#include "base/check.h"

namespace parley::turn {

bool IsLegal(UserState from, UserState to) {
  switch (from) {
    case UserState::kQuiet:
      return to == UserState::kSpeaking;
    case UserState::kSpeaking:  // straight to quiet when the client commits or clears
      return to == UserState::kPausing || to == UserState::kQuiet;
    case UserState::kPausing:
      return to == UserState::kSpeaking || to == UserState::kQuiet;
  }
  return false;
}

bool IsLegal(TurnState from, TurnState to) {
  switch (from) {
    case TurnState::kDrafting:
    case TurnState::kWaiting:
      return to == TurnState::kThinking || to == TurnState::kEnded;
    case TurnState::kThinking:
      return to == TurnState::kSpeaking || to == TurnState::kEnded;
    case TurnState::kSpeaking:
      return to == TurnState::kDucked || to == TurnState::kEnded;
    case TurnState::kDucked:
      return to == TurnState::kSpeaking || to == TurnState::kPaused || to == TurnState::kEnded;
    case TurnState::kPaused:
      return to == TurnState::kDucked || to == TurnState::kEnded;
    case TurnState::kEnded:
      return false;
  }
  return false;
}

std::string_view Name(UserState state) {
  switch (state) {
    case UserState::kQuiet:
      return "quiet";
    case UserState::kSpeaking:
      return "speaking";
    case UserState::kPausing:
      return "pausing";
  }
  return "?";
}

std::string_view Name(TurnState state) {
  switch (state) {
    case TurnState::kDrafting:
      return "drafting";
    case TurnState::kWaiting:
      return "waiting";
    case TurnState::kThinking:
      return "thinking";
    case TurnState::kSpeaking:
      return "speaking";
    case TurnState::kDucked:
      return "ducked";
    case TurnState::kPaused:
      return "paused";
    case TurnState::kEnded:
      return "ended";
  }
  return "?";
}

template <class State>
void Transition(State& state, State to) {
  PARLEY_CHECK(IsLegal(state, to));
  state = to;
}

template void Transition(UserState& state, UserState to);
template void Transition(TurnState& state, TurnState to);

}  // namespace parley::turn
