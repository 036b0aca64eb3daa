// What must hold after every Step of the core, whatever happened: one floor, nothing of a dead
// turn, each thing ends once, only the heard is history, nothing waits without a deadline. Fed with
// each Step's actions and the state after it; used by tests, the simulator and, counting, in
// production.
//
// One sequence. Bounded: remembers the last 64 turns and segments.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "turn/action.h"
#include "turn/state.h"

namespace parley::turn {

class InvariantChecker {
 public:
  // Empty if all holds, else what is broken (static text), the first found.
  std::string_view Observe(std::span<const Action> actions, const Snapshot& after);

 private:
  static constexpr size_t kKept = 64;

  struct Turn {
    TurnId id;
    bool draft = false;
    bool created = false;
    bool started = false;
    bool released = false;
    bool done = false;
    bool recorded = false;
    bool cancelled = false;
    bool in_history = false;
    bool dropped = false;  // by DropPlayout
    std::string published;
  };
  struct Segment {
    SegmentId id;
    bool opened = false;
    bool closed = false;
    bool started = false;
    bool stopped = false;
    bool committed = false;
    bool transcribed = false;
    bool in_history = false;
  };

  void Break(std::string_view what) {
    if (broken_.empty()) broken_ = what;
  }
  void Require(bool holds, std::string_view what) {
    if (!holds) Break(what);
  }
  Turn& Of(TurnId id);
  Segment& Of(SegmentId id);

  void See(const OpenSegment& action);
  void See(const CloseSegment& action);
  void See(const AskEndOfTurn& action);
  void See(const SetPartials& action);
  void See(const FlushRecognizer& action);
  void See(const StartDraft& action);
  void See(const PromoteDraft& action);
  void See(const DropDraft& action);
  void See(const StartReply& action);
  void See(const Speak& action);
  void See(const EndSpeech& action);
  void See(const SpeakApology& action);
  void See(const StopReply& action);
  void See(const CancelTurn& action);
  void See(const SetGain& action);
  void See(const HoldPlayout& action);
  void See(const ReleasePlayout& action);
  void See(const PausePlayout& action);
  void See(const ResumePlayout& action);
  void See(const DropPlayout& action);
  void See(const TrimSpeech& action);
  void See(const AppendHistory& action);
  void See(const Notify& action);
  void See(const SetDeadline& action);
  void See(const ClearDeadline& action);
  void See(const RecordTurn& action);
  void SeeUserEvent(const DomainEvent& event);
  void SeeReplyEvent(const DomainEvent& event);
  void CheckState(const Snapshot& after);

  std::array<Turn, kKept> turns_;
  std::array<Segment, kKept> segments_;
  UtteranceId last_utterance_;
  TurnId last_released_;
  TurnId last_agent_history_;
  SegmentId last_user_history_;
  TurnId draft_;
  TurnId paused_;
  double gain_db_ = 0;
  bool released_now_ = false;
  int responses_open_ = 0;
  std::string_view broken_;
};

}  // namespace parley::turn
