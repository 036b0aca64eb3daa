// The inside of a session, by file: session.cc (life, steps, time), client_events.cc (what the
// client says), items.cc (the items that it makes), listening.cc (sound in), actions.cc (what the
// core wants), telling.cc (what the client is told), line.cc (no line for a while).
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "playout/playout.h"
#include "realtime/client_event.h"
#include "realtime/response_ladder.h"
#include "realtime/transcript_deltas.h"
#include "session/conversation.h"
#include "session/internal/hearing.h"
#include "session/internal/item_hearing.h"
#include "session/internal/missed.h"
#include "session/internal/out_of_band.h"
#include "session/internal/recording.h"
#include "session/internal/reply_work.h"
#include "session/session.h"
#include "session/uplink.h"
#include "turn/core.h"
#include "turn/echo_estimator.h"
#include "turn/invariants.h"

namespace parley::session {

class Session::Impl : public std::enable_shared_from_this<Session::Impl> {
 public:
  Impl(SessionId id, const Config& config, const Services& services, net::Executor& executor,
       Session::Send wire);
  Status Start();
  void Stop();
  void OnMessage(std::string_view message);
  void OnBinary();
  bool resumable() const;
  void OnLineLost();
  void OnLineBack();
  Stats stats() const;

 private:
  // One reply as the protocol sees it, from draft or creation to its end.
  struct Reply {
    realtime::ReplySettings settings;
    std::string metadata = "null";
    std::optional<std::vector<realtime::ResponseInput>> input;
    std::unique_ptr<realtime::ResponseLadder> ladder;
    std::string heard;
    int64_t asked_us = 0;
  };

  // session.cc
  void Step(turn::EventBody body);
  void RunSteps();
  void Watch(std::span<const turn::Action> actions);
  void ShowFloor(const turn::Snapshot& now);
  void OnTimer();
  void Tick();
  void FillSilence();
  void Schedule();

  // line.cc
  void Send(std::string message);
  void StopUnheard(TurnId turn);

  // client_events.cc
  void Drain();
  bool MustWait(const realtime::ClientEvent& event) const;
  void Handle(realtime::ClientEvent& event);
  bool HandleAudio(realtime::AppendAudio& audio);
  void On(const realtime::UpdateSession& event);
  void On(const realtime::AppendAudio& event);
  void On(const realtime::CommitAudio& event);
  void On(const realtime::ClearAudio& event);
  void On(const realtime::ClearOutputAudio& event);
  void On(const realtime::CreateItem& event);
  void On(const realtime::RetrieveItem& event);
  void On(const realtime::TruncateItem& event);
  void On(const realtime::DeleteItem& event);
  void On(const realtime::CreateResponse& event);
  void On(const realtime::CancelResponse& event);
  void On(const realtime::Played& event);
  // Whether the names in the settings mean something here.
  realtime::Parsed<void> CheckNames(const realtime::SessionSettings& settings) const;
  realtime::Parsed<void> CheckInput(const realtime::CreateResponse& event) const;
  void HearItem(const realtime::Item& item);
  void OnItemHeard(const std::string& item_id, Result<std::string> words);
  void CreateOutOfBand(const realtime::CreateResponse& event, realtime::ReplySettings settings);
  void ApplySettings();
  void Fail(realtime::ProtocolError error);
  TurnId TurnOf(std::string_view response_id) const;

  // listening.cc
  void Listen(std::span<const float> samples);
  void ForgetOldSound();
  void AskEndOfTurn(const turn::AskEndOfTurn& action);
  void WatchEcho();
  bool MayEcho() const { return !object_.settings().x_parley.echo_free; }

  // actions.cc
  void Do(const turn::Action& action);
  void Do(const turn::OpenSegment& action);
  void Do(const turn::CloseSegment& action);
  void Do(const turn::AskEndOfTurn& action);
  void Do(const turn::SetPartials& action);
  void Do(const turn::FlushRecognizer& action);
  void Do(const turn::StartDraft& action);
  void Do(const turn::PromoteDraft& action);
  void Do(const turn::DropDraft& action);
  void Do(const turn::StartReply& action);
  void Do(const turn::Speak& action);
  void Do(const turn::EndSpeech& action);
  void Do(const turn::SpeakApology& action);
  void Do(const turn::StopReply& action);
  void Do(const turn::CancelTurn& action);
  void Do(const turn::SetGain& action);
  void Do(const turn::HoldPlayout& action);
  void Do(const turn::ReleasePlayout& action);
  void Do(const turn::PausePlayout& action);
  void Do(const turn::ResumePlayout& action);
  void Do(const turn::DropPlayout& action);
  void Do(const turn::TrimSpeech& action);
  void Do(const turn::AppendHistory& action);
  void Do(const turn::Notify& action);
  void Do(const turn::SetDeadline& action);
  void Do(const turn::ClearDeadline& action);
  void Do(const turn::RecordTurn& action);
  void TellPause(TurnId turn, bool paused);
  Reply& ReplyOf(TurnId turn);
  ports::LanguageModel::Request ModelRequest(const Reply& reply,
                                             std::vector<dialogue::HistoryEntry> history) const;
  ports::Voice::Request VoiceRequest(const realtime::ReplySettings& settings) const;
  std::vector<dialogue::HistoryEntry> InputHistory(
      const std::vector<realtime::ResponseInput>& input) const;

  // telling.cc
  void Tell(const turn::SpeechStarted& event);
  void Tell(const turn::SpeechStopped& event);
  void Tell(const turn::AudioCommitted& event);
  void Tell(const turn::AudioCleared& event);
  void Tell(const turn::IdleTimeout& event);
  void Tell(const turn::TranscriptUpdated& event);
  void Tell(const turn::TranscriptCompleted& event);
  void Tell(const turn::TranscriptionFailed& event);
  void Tell(const turn::ResponseCreated& event);
  void Tell(const turn::ResponseStarted& event);
  void Tell(const turn::ResponseText& event);
  void Tell(const turn::FunctionCalled& event);
  void Tell(const turn::ResponseDone& event);
  void Tell(const turn::ReplyTruncated& event);
  void Tell(const turn::Rejected& event);
  void SendOf(TurnId turn, std::string message);
  void EndActive();
  const std::string& ItemOf(SegmentId segment);
  void TellDelta(const std::string& item_id, std::string_view words);
  void TellTranscript(const realtime::Item& item, std::string_view words);
  void TruncateByShare();
  void TellFrame(const playout::Frame& frame);

  const SessionId id_;
  const Config config_;
  const Services services_;
  net::Executor& executor_;
  const Session::Send wire_;
  const Session::Send send_;  // to the wire, or kept while there is none
  const metrics::GaugeLease counted_;
  realtime::SessionObject object_;
  const std::string conversation_id_;

  std::unique_ptr<turn::Core> core_;
  turn::InvariantChecker invariants_;
  std::unique_ptr<Recording> recording_;  // none unless the configuration says where
  std::unique_ptr<FloorBoard::Place> place_;
  std::unique_ptr<Uplink> uplink_;
  perception::VoiceActivityDetector voice_activity_;
  int64_t heard_upto_ = 0;   // uplink samples that the core has been told of
  int64_t vad_base_ = 0;     // where the detector began
  int64_t buffer_from_ = 0;  // uncommitted sound begins here
  int64_t append_us_ = 0;    // when the client last sent sound
  turn::EchoEstimator echo_;
  int64_t echo_judged_us_ = 0;
  playout::Playout playout_;
  TurnId playing_;
  Conversation conversation_;
  std::shared_ptr<Hearing> hearing_;
  std::shared_ptr<ReplyWork> work_;
  std::shared_ptr<OutOfBand> out_of_band_;
  std::map<TurnId, Reply> replies_;
  std::shared_ptr<ItemHearing> item_hearing_;
  std::map<SegmentId, std::string> item_ids_;  // announced, not yet committed
  realtime::TranscriptDeltas deltas_;
  std::map<SegmentId, int64_t> segments_from_;
  std::string recognizer_model_;  // as chosen by the session's transcription
  bool voice_locked_ = false;
  TurnId active_;  // its response was told of and is not done; the conversation has one at a time
  // Of the response behind it, which the core may prepare earlier than clients may know of it.
  std::vector<std::pair<TurnId, std::string>> held_;

  bool line_lost_ = false;
  bool reply_owed_ = false;  // one was stopped because nobody was there
  Missed missed_;

  std::deque<turn::EventBody> events_;
  bool stepping_ = false;
  int64_t decided_us_ = 0;  // when the step began whose actions are carried out
  bool stopped_ = false;
  std::deque<realtime::ClientEvent> inbox_;
  size_t inbox_bytes_ = 0;
  size_t inbox_offset_ = 0;  // bytes of the front's audio that were looked at
  bool drain_posted_ = false;
  std::string current_event_id_;
  const realtime::CreateResponse* creating_ = nullptr;  // while its step runs
  std::optional<realtime::ReplySettings> creating_settings_;
  const realtime::TruncateItem* truncating_ = nullptr;

  std::unique_ptr<net::Timer> timer_;
  std::array<int64_t, turn::kDeadlineCount> deadlines_us_{};
  int64_t timer_at_us_ = 0;
  uint64_t stale_counted_ = 0;
  int64_t underruns_counted_ = 0;
};

}  // namespace parley::session
