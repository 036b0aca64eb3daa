// Drafts, replies and the launch gate.
#include <utility>

#include "base/check.h"
#include "turn/internal/core_impl.h"
#include "turn/words.h"

namespace parley::turn {
namespace {

constexpr int kSamplesPerMs = kUplinkRateHz / 1000;

}  // namespace

AgentTurn& Core::Impl::FreeSlot() {
  for (AgentTurn& slot : slots_) {
    if (&slot != floor_ && &slot != next_ && &slot != draft_) return slot;
  }
  PARLEY_CHECK(false);  // there are more slots than roles
  return slots_[0];
}

// In a pause: is the end likely enough to start on the answer?
void Core::Impl::WeighDraft() {
  const bool covers = open_.TextCoversSpeech();
  // A draft lives on as long as the words say what it answers.
  if (draft_ && draft_of_ == open_.id) {
    if (!covers || SameWords(*lexicon_, draft_->draft_transcript, open_.text)) return;
    DropDraftOf(open_.id);
  }
  const DraftFacts facts = {.allowed = facts_.speculation && detection_.create_response &&
                                       !draft_ && !next_ && !floor_ && open_.announced &&
                                       open_.text.size() <= 1000,
                            .drafts = open_.drafts,
                            .speech_ms = (open_.speech_end - open_.speech_from) / kSamplesPerMs,
                            .silence_ms = static_cast<int>(SilenceSamples() / kSamplesPerMs),
                            .probability = open_.pause.probability,
                            .words = open_.text_facts.words,
                            .text_covers_speech = covers,
                            .wants_more = open_.text_facts.wants_more};
  if (!MayDraft(policy_, facts)) return;
  ++open_.drafts;
  draft_ = &FreeSlot();
  draft_->Begin(NewTurn(), TurnState::kDrafting, facts_.audio_output);
  draft_->draft_transcript.assign(open_.text);
  draft_->record.reply_started_us = now_us_;
  draft_of_ = open_.id;
  out_.Do(HoldPlayout{draft_->id});
  out_.Do(StartDraft{draft_->id, out_.Keep(open_.text)});
}

void Core::Impl::DropDraftOf(SegmentId segment) {
  if (!draft_ || draft_of_ != segment) return;
  if (UserTurn* turn = FindUser(segment)) ++turn->drafts_wasted;
  out_.Do(DropDraft{draft_->id});
  Transition(draft_->state, TurnState::kEnded);
  draft_ = nullptr;
}

// Compare and swap on (turn, words): false if there is no draft of these words.
bool Core::Impl::PromoteDraftOf(const UserTurn& turn) {
  if (!draft_ || draft_of_ != turn.id) return false;
  if (!SameWords(*lexicon_, draft_->draft_transcript, turn.text)) return false;
  next_ = std::exchange(draft_, nullptr);
  Transition(next_->state, TurnState::kThinking);
  out_.Do(PromoteDraft{next_->id});
  out_.Tell(ResponseCreated{next_->id, next_->audio});
  next_->response_created = true;
  owes_answer_ = false;
  TurnRecord& record = next_->record;
  const TurnRecord drafted = record;
  record = turn.record;
  record.turn = drafted.turn;
  record.draft = DraftOutcome::kHit;
  record.reply_started_us = drafted.reply_started_us;
  record.first_token_us = drafted.first_token_us;
  record.first_clause_us = drafted.first_clause_us;
  record.first_speech_us = drafted.first_speech_us;
  if (!next_->text_done) {
    next_->reply_due_us = now_us_ + int64_t{policy_.reply_silent_ms} * 1000;
  }
  Pump(*next_);
  FinishText(*next_);
  Progress(*next_);
  return true;
}

// The user's words are settled and want an answer.
void Core::Impl::Answer(UserTurn& turn) {
  // Speaking again: one answer to both, when the newer turn is decided.
  if (open_.id && open_.announced) {
    DropDraftOf(turn.id);
    if (next_ && !next_->by_client) CancelNext(ResponseReason::kTurnDetected);
    return;
  }
  if (next_ && next_->state == TurnState::kWaiting) return DropDraftOf(turn.id);
  if (next_) {
    // What is prepared does not know the newest words. Behind a reply that may not be interrupted
    // there is room for one answer only; the newest words get it.
    CancelNext(ResponseReason::kTurnDetected);
  }
  if (PromoteDraftOf(turn)) return;
  DropDraftOf(turn.id);
  turn.record.drafts_wasted = turn.drafts_wasted;
  last_user_.drafts_wasted = turn.drafts_wasted;
  CreateReply(/*by_client=*/false, facts_.audio_output);
}

void Core::Impl::AnswerIfOwed() {
  const bool free = !next_ && !draft_ && !open_.id && settling_count_ == 0;
  if (!owes_answer_ || !free || !detects() || !detection_.create_response) return;
  CreateReply(/*by_client=*/false, facts_.audio_output);
}

void Core::Impl::CreateReply(bool by_client, bool audio, bool interruptible) {
  PARLEY_CHECK(next_ == nullptr);
  next_ = &FreeSlot();
  next_->Begin(NewTurn(), TurnState::kWaiting, audio);
  next_->by_client = by_client;
  next_->interruptible = interruptible;
  const TurnId turn = next_->id;
  next_->record = last_user_;
  next_->record.turn = turn;
  next_->response_created = true;
  out_.Tell(ResponseCreated{turn, audio});
  out_.Do(HoldPlayout{turn});
  if (settling_count_ == 0) LaunchReply(*next_);
}

void Core::Impl::LaunchReply(AgentTurn& turn) {
  Transition(turn.state, TurnState::kThinking);
  turn.record.reply_started_us = now_us_;
  turn.reply_due_us = now_us_ + int64_t{policy_.reply_silent_ms} * 1000;
  owes_answer_ = false;
  const bool speaking = floor_ && !floor_->apology;
  out_.Do(StartReply{turn.id, speaking ? floor_->id : TurnId(),
                     speaking ? out_.Keep(floor_->text) : std::string_view()});
}

// A response that waited for the user's words: they are all there, or there are none.
void Core::Impl::StartWaiting() {
  if (!next_ || next_->state != TurnState::kWaiting || settling_count_ > 0) return;
  if (!next_->by_client && !owes_answer_) return CancelNext(ResponseReason::kTurnDetected);
  const TurnId turn = next_->id;
  const bool by_client = next_->by_client;
  if (!by_client) {
    next_->record = last_user_;
    next_->record.turn = turn;
  }
  LaunchReply(*next_);
}

GateFacts Core::Impl::FactsOfGate() const {
  return {
      .something_ready = next_ && next_->state == TurnState::kThinking && next_->something_ready,
      .user_open = open_.id && (open_.announced || user_ == UserState::kSpeaking),
      .newer_commit = settling_count_ > 0,
      .floor_taken = floor_ != nullptr,
      .detection = detects()};
}

void Core::Impl::TryGate() {
  const GateFacts facts = FactsOfGate();
  if (!facts.something_ready) return;
  if (!GateOpen(facts)) {
    const bool by_user = facts.user_open || facts.newer_commit;
    if (!by_user) next_->held_since_us = 0;
    if (by_user && next_->held_since_us == 0) next_->held_since_us = now_us_;
    return;
  }
  floor_ = std::exchange(next_, nullptr);
  floor_->held_since_us = 0;
  floor_->progress_us = now_us_;
  floor_->record.released_us = now_us_;
  floor_id_ = floor_->id;
  Transition(floor_->state, TurnState::kSpeaking);
  out_.Do(SetGain{0, 0});
  out_.Do(ReleasePlayout{floor_->id});
  out_.Tell(ResponseStarted{floor_->id});
  if (!floor_->audio) Publish(*floor_, floor_->text.size());
  Progress(*floor_);
}

}  // namespace parley::turn
