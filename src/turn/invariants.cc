#include "turn/invariants.h"

#include <variant>

namespace parley::turn {

InvariantChecker::Turn& InvariantChecker::Of(TurnId id) {
  Turn& turn = turns_[id.value % kKept];
  if (turn.id < id) {
    Require(!turn.created || turn.done, "a response was never done");
    turn = Turn{.id = id};
  }
  return turn;
}

InvariantChecker::Segment& InvariantChecker::Of(SegmentId id) {
  Segment& segment = segments_[id.value % kKept];
  if (segment.id < id) {
    Require(!segment.started || segment.stopped, "an announced onset was never stopped");
    Require(!segment.opened || segment.closed, "a segment was never closed");
    segment = Segment{.id = id};
  }
  return segment;
}

std::string_view InvariantChecker::Observe(std::span<const Action> actions, const Snapshot& after) {
  broken_ = {};
  released_now_ = false;
  for (const Action& action : actions) {
    std::visit([this](const auto& body) { See(body); }, action);
  }
  CheckState(after);
  return broken_;
}

void InvariantChecker::See(const OpenSegment& action) {
  Segment& segment = Of(action.segment);
  Require(!segment.opened, "a segment was opened twice");
  segment.opened = true;
}

void InvariantChecker::See(const CloseSegment& action) {
  Segment& segment = Of(action.segment);
  Require(segment.opened && !segment.closed, "a segment was closed that is not open");
  segment.closed = true;
}

void InvariantChecker::See(const AskEndOfTurn& action) {
  Require(!Of(action.segment).closed, "the end of a closed segment was asked for");
}

void InvariantChecker::See(const SetPartials& action) {
  Require(Of(action.segment).opened, "partials of a segment that was never opened");
}

void InvariantChecker::See(const FlushRecognizer& action) {
  const Segment& segment = Of(action.segment);
  Require(segment.opened && !segment.closed, "a flush of a segment that is not open");
}

void InvariantChecker::See(const StartDraft& action) {
  Turn& turn = Of(action.turn);
  Require(!draft_, "two drafts at a time");
  Require(!turn.draft && !turn.created, "a draft under an id in use");
  turn.draft = true;
  draft_ = action.turn;
}

void InvariantChecker::See(const PromoteDraft& action) {
  Turn& turn = Of(action.turn);
  Require(turn.draft && draft_ == action.turn, "promotion of what is no draft");
  turn.draft = false;
  draft_ = {};
}

void InvariantChecker::See(const DropDraft& action) {
  Turn& turn = Of(action.turn);
  Require(turn.draft && draft_ == action.turn, "dropping of what is no draft");
  turn.cancelled = true;
  draft_ = {};
}

void InvariantChecker::See(const StartReply& action) {
  Turn& turn = Of(action.turn);
  Require(turn.created && !turn.started && !turn.cancelled, "a reply began twice or unannounced");
  turn.started = true;
}

void InvariantChecker::See(const Speak& action) {
  const Turn& turn = Of(action.turn);
  Require(!turn.cancelled && !turn.recorded, "speech for a turn that is over");
  Require(last_utterance_ < action.utterance, "utterance ids must rise");
  Require(!action.text.empty(), "an utterance without text");
  last_utterance_ = action.utterance;
}

void InvariantChecker::See(const EndSpeech& action) {
  Require(!Of(action.turn).cancelled, "the speech of a cancelled turn ended again");
}

void InvariantChecker::See(const SpeakApology& action) {
  const Turn& turn = Of(action.turn);
  Require(turn.created && !turn.done && !turn.cancelled, "an apology for a turn that is over");
  Require(last_utterance_ < action.utterance, "utterance ids must rise");
  last_utterance_ = action.utterance;
}

void InvariantChecker::See(const StopReply& action) {
  Require(!Of(action.turn).cancelled, "the language model of a cancelled turn stopped again");
}

void InvariantChecker::See(const CancelTurn& action) {
  Turn& turn = Of(action.turn);
  Require(!turn.cancelled && !turn.recorded, "a turn was cancelled that is over");
  turn.cancelled = true;
}

void InvariantChecker::See(const SetGain& action) { gain_db_ = action.db; }

void InvariantChecker::See(const HoldPlayout& action) {
  Require(!Of(action.turn).released, "playout held after its release");
}

void InvariantChecker::See(const ReleasePlayout& action) {
  Turn& turn = Of(action.turn);
  Require(turn.created && !turn.draft && !turn.cancelled, "release of a draft or cancelled turn");
  Require(!turn.released && last_released_ < action.turn, "the floor went to an older turn");
  turn.released = released_now_ = true;
  last_released_ = action.turn;
}

void InvariantChecker::See(const PausePlayout& action) {
  Require(last_released_ == action.turn && !paused_, "a pause of what does not play");
  paused_ = action.turn;
}

void InvariantChecker::See(const ResumePlayout& action) {
  Require(paused_ == action.turn, "what is not paused goes on");
  paused_ = {};
}

void InvariantChecker::See(const DropPlayout& action) {
  Turn& turn = Of(action.turn);
  Require(!turn.dropped, "playout dropped twice");
  turn.dropped = true;
  if (paused_ == action.turn) paused_ = {};
}

void InvariantChecker::See(const TrimSpeech& action) {
  Require(!Of(action.turn).recorded, "speech trimmed of a turn that is over");
}

void InvariantChecker::See(const AppendHistory& action) {
  if (action.speaker == Speaker::kUser) {
    Segment& segment = Of(action.segment);
    Require(segment.committed, "history of a user turn that was not committed");
    if (!segment.in_history) {
      Require(last_user_history_ < action.segment || segment.transcribed,
              "user history out of order");
      last_user_history_ = std::max(last_user_history_, action.segment);
    }
    Require(!action.text.empty(), "a user turn without words in the history");
    segment.in_history = true;
    return;
  }
  Turn& turn = Of(action.turn);
  Require(turn.released, "history of a reply that was never let out");
  Require(turn.published.find(action.text) != std::string::npos, "unheard text in the history");
  if (!turn.in_history && !action.text.empty()) {
    Require(last_agent_history_ < action.turn || turn.recorded, "agent history out of order");
    last_agent_history_ = std::max(last_agent_history_, action.turn);
    turn.in_history = true;
  }
}

void InvariantChecker::See(const SetDeadline& action) {
  Require(action.at_us > 0, "a deadline at no time");
}

void InvariantChecker::See(const ClearDeadline&) {}

void InvariantChecker::See(const RecordTurn& action) {
  Turn& turn = Of(action.record->turn);
  Require(turn.created && turn.done, "a turn ended before its response");
  Require(!turn.recorded, "a turn ended twice");
  turn.recorded = true;
}

void InvariantChecker::See(const Notify& action) {
  SeeUserEvent(action.event);
  SeeReplyEvent(action.event);
}

void InvariantChecker::SeeUserEvent(const DomainEvent& event) {
  if (const auto* started = std::get_if<SpeechStarted>(&event)) {
    Segment& segment = Of(started->segment);
    Require(!segment.started, "an onset was announced twice");
    segment.started = true;
  } else if (const auto* stopped = std::get_if<SpeechStopped>(&event)) {
    Segment& segment = Of(stopped->segment);
    Require(segment.started && !segment.stopped, "a stop without its onset, or twice");
    segment.stopped = true;
  } else if (const auto* committed = std::get_if<AudioCommitted>(&event)) {
    Segment& segment = Of(committed->segment);
    Require(!segment.committed, "an item was committed twice");
    segment.committed = true;
  } else if (const auto* completed = std::get_if<TranscriptCompleted>(&event)) {
    Segment& segment = Of(completed->segment);
    Require(segment.committed && !segment.transcribed, "a transcript out of place");
    segment.transcribed = true;
  } else if (const auto* failed = std::get_if<TranscriptionFailed>(&event)) {
    Segment& segment = Of(failed->segment);
    Require(segment.committed && !segment.transcribed, "a transcript out of place");
    segment.transcribed = true;
  }
}

void InvariantChecker::SeeReplyEvent(const DomainEvent& event) {
  if (const auto* created = std::get_if<ResponseCreated>(&event)) {
    Turn& turn = Of(created->turn);
    Require(!turn.created && !turn.draft, "a response was created twice, or for a draft");
    turn.created = true;
    ++responses_open_;
  } else if (const auto* started = std::get_if<ResponseStarted>(&event)) {
    Require(Of(started->turn).released, "a response was shown before the launch gate");
  } else if (const auto* text = std::get_if<ResponseText>(&event)) {
    Turn& turn = Of(text->turn);
    Require(turn.released && !turn.done && !turn.cancelled, "text of a reply that may not speak");
    turn.published.append(text->text);
  } else if (const auto* done = std::get_if<ResponseDone>(&event)) {
    Turn& turn = Of(done->turn);
    Require(turn.created && !turn.done, "a response was done twice, or never created");
    turn.done = true;
    --responses_open_;
  }
}

void InvariantChecker::CheckState(const Snapshot& after) {
  const auto armed = [&after](DeadlineId id) {
    return (after.armed >> static_cast<int>(id) & 1) != 0;
  };
  Require(!after.floor || after.floor == after.floor_id, "the speaking turn is not the floor's");
  Require(!after.floor || after.floor_state == TurnState::kSpeaking ||
              after.floor_state == TurnState::kDucked || after.floor_state == TurnState::kPaused,
          "the floor is held by a turn that does not speak");
  Require(!after.next || after.floor < after.next, "an older turn is being prepared");
  Require(!after.floor || armed(DeadlineId::kPlayout), "a speaking turn without a deadline");
  Require(after.next_state != TurnState::kThinking || !after.next || after.next_has_something ||
              armed(DeadlineId::kReply) || armed(DeadlineId::kSpeech),
          "a thinking turn without a deadline");
  Require(!after.next || !after.next_has_something || after.floor || armed(DeadlineId::kHeld),
          "a held reply without a deadline");
  Require(after.settling == 0 || armed(DeadlineId::kFinal), "a decided turn without a deadline");
  Require(!released_now_ || after.user != UserState::kSpeaking,
          "a reply's first frame while the user speaks");
  Require(gain_db_ == 0 || after.floor_state == TurnState::kDucked ||
              after.floor_state == TurnState::kPaused,
          "ducked without a reason");
  Require(!paused_ || (after.floor == paused_ && after.floor_state == TurnState::kPaused),
          "paused without a reason");
  Require(static_cast<bool>(after.draft) == static_cast<bool>(draft_), "a draft nobody knows of");
  const bool rest = after.user == UserState::kQuiet && !after.segment && after.settling == 0 &&
                    !after.floor && !after.next && !after.draft;
  Require(!rest || (after.armed & ~(1u << static_cast<int>(DeadlineId::kIdle))) == 0,
          "a timer at rest");
  Require(!rest || responses_open_ == 0, "a response open at rest");
}

}  // namespace parley::turn
