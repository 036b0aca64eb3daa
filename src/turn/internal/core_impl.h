// The core's state and the pieces of its Step, by side: user_side.cc (voice, pauses, words),
// interruption.cc (speech while the agent speaks), reply.cc (drafts, replies, launch gate),
// agent_side.cc (text, speech, what is heard, failures), client_side.cc (what the client asks for).
#pragma once

#include <array>
#include <cstdint>

#include "turn/core.h"
#include "turn/decisions.h"
#include "turn/internal/agent_turn.h"
#include "turn/internal/output.h"
#include "turn/internal/user_turn.h"
#include "turn/lexicon.h"

namespace parley::turn {

class Core::Impl {
 public:
  explicit Impl(const Config& config);
  std::span<const Action> Step(const Event& event);
  Snapshot snapshot() const;

 private:
  static constexpr size_t kSettlingMax = 4;
  static constexpr size_t kAgentSlots = 4;
  static constexpr size_t kEndedKept = 8;
  static constexpr size_t kSettledKept = 4;
  static constexpr size_t kRecordsKept = 4;
  static constexpr size_t kReplyBytesMax = 64 * 1024;
  static constexpr int64_t kCommitMinSamples = kUplinkRateHz / 10;

  // user_side.cc
  void On(const VoiceActivity& event);
  void On(const EchoEvidence& event);
  void On(const EndOfTurnScore& event);
  void On(const PartialTranscript& event);
  void On(const FinalTranscript& event);
  void On(const TranscriptFailed& event);
  void Onset();
  void Resume();
  void Offset();
  void WeighInterruption();
  void WeighOverlap();
  void WeighPause();
  PauseFacts FactsOfPause() const;
  InterruptFacts FactsOfInterruption(const UserTurn& turn) const;
  bool MayInterrupt(const UserTurn& turn) const;
  bool WeighsEvidence() const;
  bool FloorIsFixed() const { return floor_ && !floor_->interruptible; }
  void NoteText(UserTurn& turn) const;
  bool IsEcho(const UserTurn& turn) const;
  void FlushEarly();
  void FlushForEvidence();
  int64_t SilenceSamples() const { return vad_sample_ - open_.speech_end; }
  void Duck();
  void Unduck();
  void PauseAgent();
  void ResumeAgent();
  bool WordsAreDue() const;
  void Announce(UserTurn& turn);
  void Flush(UserTurn& turn, int64_t upto_sample);
  void TakeText(UserTurn& turn, std::string_view text, int64_t from_sample, int64_t upto_sample);
  void EndUserTurn(EndReason reason, bool wants_reply);
  void DiscardOpen();
  void SettleFront();
  void SettleWhatIsReady();
  bool IsSettled(const UserTurn& turn) const;
  bool WaitsForFloor() const;
  void FinalIsDue();
  bool AnnounceLate(UserTurn& turn, bool has_words);
  void CorrectLate(const FinalTranscript& event);
  UserTurn* FindUser(SegmentId segment);
  std::string_view RecentAgentText() const;

  // reply.cc
  void WeighDraft();
  void DropDraftOf(SegmentId segment);
  bool PromoteDraftOf(const UserTurn& turn);
  void Answer(UserTurn& turn);
  void AnswerIfOwed();
  void CreateReply(bool by_client, bool audio, bool interruptible = true);
  void LaunchReply(AgentTurn& turn);
  void StartWaiting();
  void TryGate();
  GateFacts FactsOfGate() const;
  AgentTurn& FreeSlot();
  TurnId NewTurn() { return TurnId{++turns_}; }

  // agent_side.cc
  void On(const ReplyText& event);
  void On(const ReplyTextDone& event);
  void On(const ReplyFailed& event);
  void On(const ToolCall& event);
  void On(const SpeechReady& event);
  void On(const SpeechMark& event);
  void On(const SpeechDone& event);
  void On(const SpeechFailed& event);
  void On(const Played& event);
  void Pump(AgentTurn& turn);
  void FinishText(AgentTurn& turn);
  void SpeakEntry(AgentTurn& turn, size_t index);
  size_t SplitFailed(AgentTurn& turn, const SpeechFailed& event);
  void SpeakAgain(AgentTurn& turn, const SpeechFailed& event);
  void MakeReady(AgentTurn& turn);
  void FailTurn(AgentTurn& turn, ResponseReason reason, std::string_view message);
  void Apologize(AgentTurn& turn);
  void Progress(AgentTurn& turn);
  void Publish(AgentTurn& turn, size_t upto);
  void RespondDone(AgentTurn& turn, ResponseStatus status, ResponseReason reason);
  void FinishFloor();
  void StopFloor(ResponseReason reason, ResponseStatus status = ResponseStatus::kCancelled);
  void CancelNext(ResponseReason reason);
  void EndAgent(AgentTurn*& slot);
  AgentTurn* FindAgent(TurnId turn);
  void AppendAgentHistory(TurnId turn, std::string_view text, bool cut);

  // client_side.cc
  void On(const ClientCommit& event);
  void On(const ClientClear& event);
  void On(const ClientCancel& event);
  void On(const ClientTruncate& event);
  void On(const ClientCreateResponse& event);
  void On(const SessionUpdate& event);
  void CommitBuffer(bool wants_reply);
  void IdleTimedOut();

  // core.cc
  void On(const Deadline& event);
  void OnReplySilent();
  void OnSpeechSilent();
  void OnPlayoutStalled();
  void RefreshDeadlines();
  bool detects() const { return detection_.mode != DetectionMode::kNone; }
  bool semantic() const { return detection_.mode == DetectionMode::kSemanticVad; }
  void Stale() { ++stale_; }

  const Config config_;
  const Policy& policy_;
  const Lexicon* lexicon_;
  TurnDetection detection_;
  ClientFacts facts_;
  Output out_;
  int64_t now_us_ = 0;
  int64_t uplink_ = 0;
  uint64_t stale_ = 0;

  // The user's side.
  VoiceGate voice_;
  PauseHabit habit_;
  UserState user_ = UserState::kQuiet;
  UserTurn open_;  // none without an id
  std::array<UserTurn, kSettlingMax> settling_;
  size_t settling_count_ = 0;
  UserTurn settled_;  // the one being settled
  std::array<SegmentId, kSettledKept> settled_ids_{};
  TurnRecord last_user_;
  int64_t vad_sample_ = 0;
  int64_t closed_upto_ = 0;  // no later segment begins before it
  int64_t last_speech_end_ = 0;
  bool owes_answer_ = false;  // words in the history that no reply has answered
  uint64_t segments_ = 0;
  uint64_t pauses_ = 0;
  uint64_t flushes_ = 0;

  // The agent's side.
  std::array<AgentTurn, kAgentSlots> slots_;
  AgentTurn* floor_ = nullptr;
  AgentTurn* next_ = nullptr;
  AgentTurn* draft_ = nullptr;
  SegmentId draft_of_;
  std::array<EndedTurn, kEndedKept> ended_;
  size_t ended_at_ = 0;
  std::array<TurnRecord, kRecordsKept> last_records_;  // a step may end more than one turn
  size_t records_ = 0;
  TurnId floor_id_;
  uint64_t turns_ = 0;
  uint64_t utterances_ = 0;
  int64_t agent_samples_ = 0;  // heard in this session
  int64_t floor_ended_us_ = 0;
  size_t floor_ended_at_ = 0;  // its place in ended_
  bool echo_proven_ = false;   // the agent has been heard in the uplink
  bool asked_yes_no_ = false;  // the agent's last words were such a question
  int64_t idle_due_us_ = 0;
};

}  // namespace parley::turn
