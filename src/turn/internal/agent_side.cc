// The agent's side of the core: text, speech, what is heard of it, and its ends.
#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "turn/internal/core_impl.h"

namespace parley::turn {
namespace {

std::string_view Trimmed(std::string_view text) {
  const size_t from = text.find_first_not_of(" \n\t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \n\t") + 1 - from);
}

}  // namespace

AgentTurn* Core::Impl::FindAgent(TurnId turn) {
  for (AgentTurn* slot : {floor_, next_, draft_}) {
    if (slot && slot->id == turn) return slot;
  }
  return nullptr;
}

void Core::Impl::On(const ReplyText& event) {
  AgentTurn* turn = FindAgent(event.turn);
  if (!turn || turn->text_done) return Stale();
  if (event.delta.empty()) return;
  if (turn->record.first_token_us == 0) turn->record.first_token_us = now_us_;
  if (turn->text.size() + event.delta.size() > kReplyBytesMax) {
    turn->cut_short = turn->text_done = true;
    turn->reply_due_us = 0;
    out_.Do(StopReply{turn->id});
    FinishText(*turn);
    return Progress(*turn);
  }
  turn->text.append(event.delta);
  if (turn->state != TurnState::kDrafting) {
    turn->reply_due_us = now_us_ + int64_t{policy_.reply_silent_ms} * 1000;
  }
  if (turn->audio) {
    turn->segmenter.Feed(event.delta);
    Pump(*turn);
  } else if (turn->has_floor()) {
    Publish(*turn, turn->text.size());
  } else {
    MakeReady(*turn);
  }
}

void Core::Impl::On(const ReplyTextDone& event) {
  AgentTurn* turn = FindAgent(event.turn);
  if (!turn || turn->text_done) return Stale();
  turn->text_done = true;
  turn->cut_short = event.cut_short;
  turn->reply_due_us = 0;
  FinishText(*turn);
  Progress(*turn);
}

void Core::Impl::On(const ReplyFailed& event) {
  AgentTurn* turn = FindAgent(event.turn);
  if (!turn || turn->text_done) return Stale();
  if (turn == draft_) return DropDraftOf(draft_of_);
  FailTurn(*turn, ResponseReason::kNoReply, event.message);
}

void Core::Impl::On(const ToolCall& event) {
  AgentTurn* turn = FindAgent(event.turn);
  if (!turn || turn->text_done) return Stale();
  // A draft may not act: its answer is made anew once the end is decided.
  if (turn == draft_) return DropDraftOf(draft_of_);
  turn->called_tool = true;
  out_.Tell(FunctionCalled{turn->id, out_.Keep(event.call_id), out_.Keep(event.name),
                           out_.Keep(event.arguments)});
}

// Hands what the segmenter has ready to the voice; of a draft only the first clause.
void Core::Impl::Pump(AgentTurn& turn) {
  if (!turn.audio || turn.apology) return;
  const auto spoke = [&turn] {
    return std::any_of(turn.ledger.entries().begin(), turn.ledger.entries().end(),
                       [](const HeardLedger::Entry& entry) { return static_cast<bool>(entry.id); });
  };
  while (turn.state != TurnState::kDrafting || !spoke()) {
    std::optional<segment::Utterance> utterance = turn.segmenter.Next();
    if (!utterance) break;
    const bool speaks = !utterance->text.empty();
    turn.ledger.Add(speaks ? UtteranceId{++utterances_} : UtteranceId(), *std::move(utterance));
    if (speaks) SpeakEntry(turn, turn.ledger.entries().size() - 1);
  }
  if (turn.state != TurnState::kDrafting && !turn.something_ready && turn.speech_due_us == 0 &&
      spoke()) {
    turn.speech_due_us = now_us_ + int64_t{policy_.speech_silent_ms} * 1000;
  }
}

void Core::Impl::SpeakEntry(AgentTurn& turn, size_t index) {
  const HeardLedger::Entry& entry = turn.ledger.entries()[index];
  if (turn.record.first_clause_us == 0) turn.record.first_clause_us = now_us_;
  std::string_view context;
  if (turn.need_context && index > 0) {
    context = out_.Keep(turn.ledger.entries()[index - 1].utterance.text);
  }
  turn.need_context = false;
  out_.Do(Speak{turn.id, entry.id, out_.Keep(entry.utterance.text), context});
}

void Core::Impl::FinishText(AgentTurn& turn) {
  if (!turn.text_done || turn.apology) return;
  turn.segmenter.Finish();
  Pump(turn);
  const bool spoke = !turn.ledger.AllFinished() || turn.ledger.TotalSamples() > 0;
  if (turn.state == TurnState::kDrafting || turn.speech_ended || !turn.audio || !spoke) return;
  turn.speech_ended = true;
  out_.Do(EndSpeech{turn.id});
}

void Core::Impl::MakeReady(AgentTurn& turn) {
  turn.speech_due_us = 0;
  turn.something_ready = true;
  if (turn.record.first_speech_us == 0 && turn.audio) turn.record.first_speech_us = now_us_;
  TryGate();
}

void Core::Impl::On(const SpeechReady& event) {
  AgentTurn* turn = FindAgent(event.turn);
  if (!turn || !turn->ledger.Ready(event.utterance)) return Stale();
  MakeReady(*turn);
}

void Core::Impl::On(const SpeechMark& event) {
  AgentTurn* turn = FindAgent(event.turn);
  if (!turn || !turn->ledger.AddMark(event.utterance, {event.text_end, event.sample})) Stale();
}

void Core::Impl::On(const SpeechDone& event) {
  AgentTurn* turn = FindAgent(event.turn);
  if (!turn || !turn->ledger.Finish(event.utterance, event.samples)) return Stale();
  if (event.samples > 0 && !turn->something_ready) MakeReady(*turn);
  Progress(*turn);
}

void Core::Impl::On(const SpeechFailed& event) {
  AgentTurn* turn = FindAgent(event.turn);
  if (!turn) return Stale();
  const size_t index = turn->ledger.IndexOf(event.utterance);
  if (!event.utterance || index == turn->ledger.entries().size() ||
      turn->ledger.entries()[index].samples >= 0) {
    return Stale();
  }
  if (turn == draft_) return DropDraftOf(draft_of_);
  if (event.stream && event.retryable && !turn->apology &&
      turn->record.voice_retries < policy_.voice_retries_max) {
    return SpeakAgain(*turn, event);
  }
  turn->ledger.Finish(event.utterance, event.samples);
  FailTurn(*turn, ResponseReason::kNoSpeech, event.message);
}

// Of the utterance whose voice failed: what was sent counts as spoken, what is still here is played
// up to its last whole word, and the rest becomes an utterance of its own. Returns the index of the
// entry that comes next.
size_t Core::Impl::SplitFailed(AgentTurn& turn, const SpeechFailed& event) {
  HeardLedger& ledger = turn.ledger;
  const size_t index = ledger.IndexOf(event.utterance);
  const HeardLedger::Entry& failed = ledger.entries()[index];
  const size_t words = ledger.TextHeard(failed, event.samples);
  if (words == failed.utterance.text.size()) {
    // It broke in the silence behind its last word.
    ledger.Finish(event.utterance, event.samples);
    return index + 1;
  }
  int64_t upto = std::clamp<int64_t>(turn.sent - ledger.StartOf(index), 0, event.samples);
  for (const HeardLedger::Mark& mark : failed.marks) {
    if (mark.text_end <= words) upto = std::max(upto, std::min(mark.sample, event.samples));
  }
  if (failed.marks.empty()) upto = event.samples;
  if (words == 0 && (turn.sent <= ledger.StartOf(index) || !failed.marks.empty())) upto = 0;
  out_.Do(TrimSpeech{turn.id, event.utterance, upto});
  if (upto == 0) {
    ledger.Rename(index, UtteranceId());
    return index;
  }
  ledger.Split(index, upto, words, UtteranceId());
  return index + 1;
}

// The voice's stream broke: the text from the first word that was not delivered, on another.
void Core::Impl::SpeakAgain(AgentTurn& turn, const SpeechFailed& event) {
  ++turn.record.voice_retries;
  turn.need_context = true;
  HeardLedger& ledger = turn.ledger;
  for (size_t index = SplitFailed(turn, event); index < ledger.entries().size(); ++index) {
    if (ledger.entries()[index].samples >= 0) continue;
    ledger.Rename(index, UtteranceId{++utterances_});
    SpeakEntry(turn, index);
  }
  if (!turn.something_ready) {
    turn.speech_due_us = now_us_ + int64_t{policy_.speech_silent_ms} * 1000;
  }
  if (turn.speech_ended) out_.Do(EndSpeech{turn.id});
  Progress(turn);
}

// The reply cannot go on. Before anything was spoken it becomes the apology; later it ends with
// what has been spoken.
void Core::Impl::FailTurn(AgentTurn& turn, ResponseReason reason, std::string_view message) {
  if (turn.failed == ResponseReason::kNone) {
    turn.failed = reason;
    turn.failure.assign(message.substr(0, 200));
  }
  if (!turn.text_done && !turn.apology) out_.Do(StopReply{turn.id});
  turn.text_done = true;
  turn.reply_due_us = turn.speech_due_us = 0;
  const bool spoken =
      std::any_of(turn.ledger.entries().begin(), turn.ledger.entries().end(),
                  [](const HeardLedger::Entry& entry) { return entry.ready || entry.samples > 0; });
  if (turn.audio && !turn.apology && !spoken) return Apologize(turn);
  if (reason == ResponseReason::kNoReply && !turn.apology) {
    FinishText(turn);
  } else {
    // What the voice still owes will not come.
    for (const HeardLedger::Entry& entry : turn.ledger.entries()) {
      if (entry.samples >= 0) continue;
      out_.Do(TrimSpeech{turn.id, entry.id, 0});
      turn.ledger.Finish(entry.id, 0);
    }
    if (turn.audio && !turn.speech_ended) {
      turn.speech_ended = true;
      out_.Do(EndSpeech{turn.id});
    }
  }
  Progress(turn);
}

void Core::Impl::Apologize(AgentTurn& turn) {
  turn.apology = true;
  turn.text.assign(config_.apology);
  turn.published = 0;
  turn.ledger.Clear();
  const UtteranceId utterance{++utterances_};
  // Its words have no marks; nothing of it enters the history.
  turn.ledger.Add(utterance, {.source_from = 0, .source_upto = turn.text.size()});
  turn.speech_due_us = now_us_ + int64_t{policy_.speech_silent_ms} * 1000;
  out_.Do(SpeakApology{turn.id, utterance});
}

void Core::Impl::On(const Played& event) {
  if (!floor_ || event.turn != floor_->id) return Stale();
  AgentTurn& turn = *floor_;
  const int64_t sent = std::max(turn.sent, event.sent_samples);
  const int64_t played = std::clamp(event.played_samples, turn.played, sent);
  if (sent > turn.sent || played > turn.played) turn.progress_us = now_us_;
  if (turn.sent == 0 && sent > 0) turn.record.first_frame_us = now_us_;
  if (sent > turn.sent) turn.record.last_frame_us = now_us_;
  agent_samples_ += played - turn.played;
  turn.sent = sent;
  turn.played = played;
  Progress(turn);
}

// Tells the client the reply's text up to this byte.
void Core::Impl::Publish(AgentTurn& turn, size_t upto) {
  if (upto <= turn.published) return;
  const std::string_view text =
      std::string_view(turn.text).substr(turn.published, upto - turn.published);
  turn.published = upto;
  out_.Tell(ResponseText{turn.id, out_.Keep(text)});
}

// What follows from how far text, speech and playout have come.
void Core::Impl::Progress(AgentTurn& turn) {
  if (turn.state == TurnState::kDrafting || turn.state == TurnState::kWaiting || !turn.live()) {
    return;
  }
  const bool whole = turn.text_done && (!turn.audio || turn.ledger.AllFinished());
  if (!turn.has_floor()) {
    if (!whole || turn.something_ready) return;
    // Nothing to hear: no words at all, or a voice that made nothing of them.
    const bool mute = turn.failed == ResponseReason::kNone && !Trimmed(turn.text).empty() &&
                      !turn.ledger.entries().empty() && turn.audio;
    const bool spoke =
        std::any_of(turn.ledger.entries().begin(), turn.ledger.entries().end(),
                    [](const HeardLedger::Entry& entry) { return static_cast<bool>(entry.id); });
    if (mute && spoke) {
      return FailTurn(turn, ResponseReason::kNoSpeech, "the voice made no sound of the text");
    }
    const bool failed = turn.failed != ResponseReason::kNone;
    RespondDone(turn, failed ? ResponseStatus::kFailed : ResponseStatus::kCompleted, turn.failed);
    return EndAgent(next_);
  }
  if (turn.audio) Publish(turn, turn.ledger.SourceBegun(turn.sent));
  if (!whole) return;
  const int64_t total = turn.ledger.TotalSamples();
  if (!turn.response_done && turn.sent >= total) {
    ResponseStatus status = ResponseStatus::kCompleted;
    if (turn.cut_short) status = ResponseStatus::kIncomplete;
    if (turn.failed != ResponseReason::kNone) status = ResponseStatus::kFailed;
    if (status != ResponseStatus::kFailed) Publish(turn, turn.text.size());
    RespondDone(turn, status,
                status == ResponseStatus::kIncomplete ? ResponseReason::kTokenLimit : turn.failed);
  }
  if (turn.response_done && (!turn.audio || turn.played >= total)) FinishFloor();
}

void Core::Impl::RespondDone(AgentTurn& turn, ResponseStatus status, ResponseReason reason) {
  if (turn.response_done) return;
  turn.response_done = true;
  turn.record.status = status;
  turn.record.reason = reason;
  out_.Tell(ResponseDone{turn.id, status, reason, out_.Keep(turn.failure)});
}

void Core::Impl::AppendAgentHistory(TurnId turn, std::string_view text, bool cut) {
  out_.Do(
      AppendHistory{.speaker = Speaker::kAgent, .turn = turn, .text = out_.Keep(text), .cut = cut});
}

// All of it was heard (or as much as there will ever be).
void Core::Impl::FinishFloor() {
  Unduck();
  AgentTurn& turn = *floor_;
  const bool failed = turn.failed != ResponseReason::kNone;
  size_t heard = turn.text.size();
  if (turn.audio && failed) {
    heard = std::min(turn.ledger.SourceHeard(turn.played), turn.published);
  }
  const std::string_view text = Trimmed(std::string_view(turn.text).substr(0, heard));
  if (!turn.apology && !text.empty()) {
    AppendAgentHistory(turn.id, text, heard < turn.text.size());
    asked_yes_no_ = IsYesNoQuestion(*lexicon_, text);
  }
  turn.record.played_us = now_us_;
  if (detection_.idle_timeout_ms > 0 && detects()) {
    idle_due_us_ = now_us_ + int64_t{detection_.idle_timeout_ms} * 1000;
  }
  EndAgent(floor_);
  // Who began to speak over the last words may have the floor now.
  WeighInterruption();
  SettleWhatIsReady();
  AnswerIfOwed();
  TryGate();
}

// The turn on the floor ends here and now; the history keeps what was heard of it.
void Core::Impl::StopFloor(ResponseReason reason, ResponseStatus status) {
  AgentTurn& turn = *floor_;
  out_.Do(DropPlayout{turn.id});
  out_.Do(CancelTurn{turn.id});
  if (turn.state != TurnState::kSpeaking) out_.Do(SetGain{0, 0});
  const size_t heard =
      turn.audio ? std::min(turn.ledger.SourceHeard(turn.played), turn.published) : turn.published;
  const std::string_view text = Trimmed(std::string_view(turn.text).substr(0, heard));
  const bool cut = heard < turn.text.size() || !turn.text_done;
  if (!turn.apology && !text.empty()) AppendAgentHistory(turn.id, text, cut);
  asked_yes_no_ = !cut && IsYesNoQuestion(*lexicon_, text);
  RespondDone(turn, status, reason);
  if (text.empty() && reason == ResponseReason::kTurnDetected && !turn.apology) {
    owes_answer_ = true;
  }
  EndAgent(floor_);
}

void Core::Impl::CancelNext(ResponseReason reason) {
  out_.Do(CancelTurn{next_->id});
  out_.Do(DropPlayout{next_->id});
  RespondDone(*next_, ResponseStatus::kCancelled, reason);
  if (reason == ResponseReason::kTurnDetected && next_->state == TurnState::kThinking) {
    owes_answer_ = true;
  }
  EndAgent(next_);
}

void Core::Impl::EndAgent(AgentTurn*& slot) {
  if (slot == floor_) {
    floor_ended_us_ = now_us_;
    floor_ended_at_ = ended_at_ % kEndedKept;
  }
  AgentTurn& turn = *std::exchange(slot, nullptr);
  Transition(turn.state, TurnState::kEnded);
  turn.record.ended_us = now_us_;
  turn.record.sent_samples = turn.sent;
  turn.record.played_samples = turn.played;
  TurnRecord& record = last_records_[records_++ % kRecordsKept];
  record = turn.record;
  out_.Do(RecordTurn{&record});
  turn.reply_due_us = turn.speech_due_us = turn.held_since_us = 0;
  EndedTurn& ended = ended_[ended_at_++ % kEndedKept];
  ended.id = turn.id;
  ended.in_history = !turn.apology && turn.audio;
  ended.sent = turn.sent;
  ended.played = turn.played;
  ended.published = turn.published;
  std::swap(ended.text, turn.text);
  ended.ledger.Swap(turn.ledger);
}

}  // namespace parley::turn
