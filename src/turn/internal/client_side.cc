// What the client asks for, and what only time brings.
#include <algorithm>

#include "turn/internal/core_impl.h"

namespace parley::turn {

// The audio since the last commit or clear becomes a user turn, whatever is in it.
void Core::Impl::CommitBuffer(bool wants_reply) {
  open_.Clear();
  open_.id = SegmentId{++segments_};
  open_.client_made = true;
  open_.from_sample = open_.speech_from = open_.text_from = closed_upto_;
  open_.speech_end = uplink_;
  open_.speech_end_us = now_us_;
  vad_sample_ = std::max(vad_sample_, uplink_);
  out_.Do(OpenSegment{open_.id, open_.from_sample});
  out_.Do(SetPartials{open_.id, false});
  EndUserTurn(EndReason::kClient, wants_reply);
}

void Core::Impl::On(const ClientCommit&) {
  if (!detects()) {
    const int64_t samples = uplink_ - closed_upto_;
    if (samples < kCommitMinSamples) {
      return out_.Tell(Rejected{.reason = RejectReason::kCommitEmpty, .samples = samples});
    }
    return CommitBuffer(/*wants_reply=*/false);
  }
  if (!open_.id) return out_.Tell(Rejected{.reason = RejectReason::kCommitEmpty});
  Announce(open_);
  if (floor_ && detection_.interrupt_response && floor_->interruptible) {
    StopFloor(ResponseReason::kTurnDetected);
  }
  // By the protocol a commit makes no response, not even under voice activity detection.
  EndUserTurn(EndReason::kClient, /*wants_reply=*/false);
}

void Core::Impl::On(const ClientClear&) {
  DiscardOpen();
  closed_upto_ = std::max(closed_upto_, uplink_);
  out_.Tell(AudioCleared{});
}

void Core::Impl::On(const ClientCancel& event) {
  const auto active = [&event](const AgentTurn* turn) {
    return turn && !turn->response_done && (!event.turn || turn->id == event.turn);
  };
  if (active(next_)) {
    CancelNext(ResponseReason::kClientCancelled);
    owes_answer_ = false;
    return TryGate();
  }
  if (active(floor_)) {
    StopFloor(ResponseReason::kClientCancelled);
    return TryGate();
  }
  out_.Tell(Rejected{.reason = RejectReason::kNothingToCancel, .turn = event.turn});
}

void Core::Impl::On(const ClientTruncate& event) {
  if (floor_ && floor_->id == event.turn) {
    if (event.played_samples > floor_->sent) {
      return out_.Tell(Rejected{
          .reason = RejectReason::kTruncateBeyond, .turn = event.turn, .samples = floor_->sent});
    }
    // The client has stopped listening there.
    floor_->played = event.played_samples;
    StopFloor(ResponseReason::kClientCancelled);
  }
  for (EndedTurn& ended : ended_) {
    if (ended.id != event.turn || !event.turn) continue;
    if (event.played_samples > ended.sent) {
      return out_.Tell(Rejected{
          .reason = RejectReason::kTruncateBeyond, .turn = event.turn, .samples = ended.sent});
    }
    const size_t heard = std::min(ended.ledger.SourceHeard(event.played_samples), ended.published);
    const std::string_view text = std::string_view(ended.text).substr(0, heard);
    if (ended.in_history) AppendAgentHistory(ended.id, text, heard < ended.text.size());
    out_.Tell(ReplyTruncated{ended.id, out_.Keep(text)});
    return TryGate();
  }
  out_.Tell(Rejected{.reason = RejectReason::kTruncateUnknown, .turn = event.turn});
}

void Core::Impl::On(const ClientCreateResponse& event) {
  for (const AgentTurn* turn : {next_, floor_}) {
    if (turn && !turn->response_done) {
      return out_.Tell(Rejected{.reason = RejectReason::kActiveResponse, .turn = turn->id});
    }
  }
  if (draft_) DropDraftOf(draft_of_);
  idle_due_us_ = 0;
  last_user_.draft = DraftOutcome::kNone;
  CreateReply(/*by_client=*/true, event.audio, event.interruptible);
}

void Core::Impl::On(const SessionUpdate& event) {
  const DetectionMode before = detection_.mode;
  facts_ = event.facts;
  detection_ = event.detection;
  if (!event.language.empty()) lexicon_ = &LexiconFor(event.language);
  if (before == detection_.mode) return;
  // Under another rule the open segment means nothing; under the same one it goes on untouched.
  if (before == DetectionMode::kNone) {
    closed_upto_ = std::max(closed_upto_, uplink_);
    vad_sample_ = uplink_;
  } else if (detection_.mode == DetectionMode::kNone) {
    DiscardOpen();
    closed_upto_ = std::max(closed_upto_, uplink_);
  }
  idle_due_us_ = 0;
}

// Nobody has said anything for long: the silence becomes an item, and the agent speaks.
void Core::Impl::IdleTimedOut() {
  idle_due_us_ = 0;
  const SegmentId segment{++segments_};
  out_.Tell(IdleTimeout{segment, closed_upto_, vad_sample_});
  out_.Tell(AudioCommitted{segment, closed_upto_, vad_sample_});
  out_.Tell(TranscriptCompleted{segment, {}});
  closed_upto_ = vad_sample_;
  last_user_.segment = segment;
  last_user_.end_reason = EndReason::kIdleTimeout;
  last_user_.decided_us = now_us_;
  last_user_.transcript.clear();
  CreateReply(/*by_client=*/true, facts_.audio_output);
}

}  // namespace parley::turn
