// The user's side of the core: voice, pauses, words, and the end of a turn.
#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "turn/internal/core_impl.h"
#include "turn/words.h"

namespace parley::turn {
namespace {

constexpr int kWindowSamples = 512;
constexpr int kSamplesPerMs = kUplinkRateHz / 1000;
// Between two early passes of the recognizer within one stretch of speech.
constexpr int64_t kFlushAgainMs = 500;
// A pause longer than this says nothing about a person's way of speaking.
constexpr int64_t kPauseLearntMaxMs = 3000;

int64_t MsOf(int64_t samples) { return samples / kSamplesPerMs; }

}  // namespace

void Core::Impl::On(const VoiceActivity& event) {
  if (!detects()) return;
  vad_sample_ = uplink_;
  const double threshold = semantic() ? policy_.semantic_threshold : detection_.threshold;
  const int offset_windows = std::max(1, policy_.offset_ms * kSamplesPerMs / kWindowSamples);
  const VoiceGate::Edge edge =
      voice_.Update(event.probability, threshold, policy_.offset_hysteresis, offset_windows);
  if (user_ == UserState::kQuiet) {
    if (edge == VoiceGate::Edge::kOnset) Onset();
    return;
  }
  if (edge == VoiceGate::Edge::kOnset) Resume();
  if (user_ == UserState::kSpeaking && voice_.lasting()) {
    open_.speech_end = vad_sample_;
    open_.speech_end_us = now_us_;
  }
  if (user_ == UserState::kSpeaking && voice_.voiced()) {
    open_.voiced_samples += kWindowSamples;
    open_.voiced_in_all += kWindowSamples;
  }
  if (edge == VoiceGate::Edge::kOffset) {
    Offset();
  } else {
    FlushEarly();
    FlushForEvidence();
  }
  WeighInterruption();
  if (!open_.id) return;
  if (user_ == UserState::kPausing) {
    WeighPause();
  } else if (MsOf(vad_sample_ - open_.from_sample) >= policy_.segment_max_ms) {
    EndUserTurn(EndReason::kLimit, detection_.create_response);
  }
}

void Core::Impl::Onset() {
  const int64_t speech_from =
      std::max<int64_t>(vad_sample_ - int64_t{voice_.OnsetWindows()} * kWindowSamples, 0);
  const int prefix_ms = semantic() ? policy_.prefix_ms : detection_.prefix_padding_ms;
  open_.Clear();
  open_.id = SegmentId{++segments_};
  open_.speech_from = speech_from;
  open_.from_sample =
      std::max({speech_from - int64_t{prefix_ms} * kSamplesPerMs, closed_upto_, int64_t{0}});
  open_.text_from = open_.from_sample;
  open_.speech_end = vad_sample_;
  open_.speech_end_us = now_us_;
  open_.voiced_samples = open_.voiced_in_all = 2 * kWindowSamples;
  const int64_t since_agent_us = floor_ended_us_ == 0 ? INT64_MAX : now_us_ - floor_ended_us_;
  open_.during_agent = floor_ || since_agent_us < int64_t{policy_.echo_lag_ms} * 1000;
  Transition(user_, UserState::kSpeaking);
  idle_due_us_ = 0;
  out_.Do(OpenSegment{open_.id, open_.from_sample});
  out_.Do(SetPartials{open_.id, semantic() || (floor_ && WeighsEvidence())});
  // Interrupted before a word was heard: the pause was one inside a turn.
  const bool unheard = (floor_ && floor_->played == 0) || (!floor_ && next_);
  const int64_t pause_ms = MsOf(speech_from - last_speech_end_);
  if (unheard && pause_ms > 0 && pause_ms < kPauseLearntMaxMs) habit_.Learn(pause_ms);

  if (FloorIsFixed()) return;
  if (!detection_.interrupt_response) return Announce(open_);
  if (floor_ && WeighsEvidence()) return Duck();
  Announce(open_);
  if (semantic()) return TryGate();
  if (floor_) StopFloor(ResponseReason::kTurnDetected);
  if (next_) CancelNext(ResponseReason::kTurnDetected);
}

void Core::Impl::Resume() {
  Transition(user_, UserState::kSpeaking);
  const int64_t speech_from = vad_sample_ - int64_t{voice_.OnsetWindows()} * kWindowSamples;
  const int64_t pause_ms = MsOf(speech_from - open_.speech_end);
  if (pause_ms > 0 && pause_ms < kPauseLearntMaxMs) habit_.Learn(pause_ms);
  open_.speech_end = vad_sample_;
  open_.pause = Pause();
  DropDraftOf(open_.id);
  out_.Do(SetPartials{open_.id, semantic()});
  if (MayInterrupt(open_)) Duck();
}

void Core::Impl::Offset() {
  Transition(user_, UserState::kPausing);
  open_.pause = {.id = PauseId{++pauses_}, .next_ask_ms = policy_.ask_first_ms};
  out_.Do(SetPartials{open_.id, false});
  if (open_.early_flushes >= policy_.early_flushes_max) return;
  ++open_.early_flushes;
  if (open_.flush_upto <= open_.speech_end) Flush(open_, vad_sample_);
}

// The first quiet windows are likely the end of what is said: the recognizer's pass may begin
// before the offset is certain. Once for each stretch of speech, so that gaps within words cost
// little.
void Core::Impl::FlushEarly() {
  if (user_ != UserState::kSpeaking || open_.early_flushes >= policy_.early_flushes_max) return;
  if (MsOf(int64_t{voice_.quiet_windows()} * kWindowSamples) < policy_.flush_ms) return;
  const int64_t since_flush = vad_sample_ - std::max(open_.flush_upto, open_.speech_from);
  if (open_.flush_upto > open_.speech_end || MsOf(since_flush) < kFlushAgainMs) return;
  Flush(open_, vad_sample_);
}

void Core::Impl::Flush(UserTurn& turn, int64_t upto_sample) {
  if (turn.recognizer_failed) return;
  turn.flush = FlushId{++flushes_};
  turn.flush_upto = upto_sample;
  out_.Do(FlushRecognizer{turn.id, turn.flush, upto_sample});
}

void Core::Impl::Announce(UserTurn& turn) {
  if (turn.announced) return;
  turn.announced = true;
  out_.Tell(SpeechStarted{turn.id, turn.from_sample});
}

PauseFacts Core::Impl::FactsOfPause() const {
  // Words that speech went on after tell nothing about its end.
  const TextFacts& text = open_.text_facts;
  const bool has_text = text.words > 0 && open_.TextCoversSpeech();
  return {.eagerness = detection_.eagerness,
          .probability = open_.pause.probability,
          .model = facts_.end_of_turn,
          .wants_more = has_text && text.wants_more,
          .decisive = has_text && asked_yes_no_ && text.yes_no,
          .ends_sentence = has_text && text.ends_sentence,
          .has_text = has_text,
          .habit = habit_.factor()};
}

void Core::Impl::WeighPause() {
  if (WordsAreDue()) return;
  const int64_t silence_ms = MsOf(SilenceSamples());
  TurnRecord& record = open_.record;
  record.silence_ms = static_cast<int>(silence_ms);
  // A choppy speaker may have used up the early flushes; a real pause is worth one more.
  if (silence_ms >= policy_.flush_sure_ms && open_.flush_upto <= open_.speech_end) {
    Flush(open_, vad_sample_);
  }
  if (!semantic()) {
    record.silence_needed_ms = detection_.silence_duration_ms;
    if (silence_ms >= detection_.silence_duration_ms) {
      return EndUserTurn(EndReason::kSilence, detection_.create_response);
    }
    return WeighDraft();
  }
  if (facts_.end_of_turn && silence_ms >= open_.pause.next_ask_ms) {
    open_.pause.asked_ms = silence_ms;
    open_.pause.next_ask_ms = silence_ms + policy_.ask_again_ms;
    out_.Do(AskEndOfTurn{open_.pause.id, open_.id, vad_sample_});
  }
  const PauseFacts facts = FactsOfPause();
  record.probability = facts.probability;
  record.wants_more = facts.wants_more;
  record.habit = static_cast<float>(facts.habit);
  record.silence_needed_ms = SilenceNeededMs(policy_, facts);
  if (silence_ms < record.silence_needed_ms) return WeighDraft();
  EndUserTurn(facts.decisive ? EndReason::kText : EndReason::kSilence, detection_.create_response);
}

void Core::Impl::On(const EndOfTurnScore& event) {
  if (!open_.id || user_ != UserState::kPausing || event.pause != open_.pause.id) return Stale();
  Pause& pause = open_.pause;
  pause.probability = event.probability;
  // Asked for half of the time at most: a model that answers quickly may be asked more often.
  const int64_t now_ms = MsOf(SilenceSamples());
  const int64_t again_ms =
      std::max(pause.asked_ms + policy_.ask_again_min_ms, now_ms + (now_ms - pause.asked_ms));
  pause.next_ask_ms = std::min(pause.next_ask_ms, again_ms);
  WeighPause();
}

UserTurn* Core::Impl::FindUser(SegmentId segment) {
  if (!segment) return nullptr;
  if (open_.id == segment) return &open_;
  for (size_t i = 0; i < settling_count_; ++i) {
    if (settling_[i].id == segment) return &settling_[i];
  }
  return nullptr;
}

// A transcript that covers the segment from its start replaces what was there; one that an engine
// windowed keeps the words before its own.
void Core::Impl::TakeText(UserTurn& turn, std::string_view text, int64_t from_sample,
                          int64_t upto_sample) {
  const size_t kept = from_sample > turn.text_from + kUplinkRateHz / 2 && !turn.text.empty()
                          ? BytesKeptBefore(turn.text, text)
                          : 0;
  turn.text.resize(kept);
  if (kept > 0 && turn.text.back() != ' ') turn.text.push_back(' ');
  turn.text.append(text.substr(0, 16 * 1024));
  turn.text_upto = upto_sample;
  NoteText(turn);
  if (turn.announced && turn.id == open_.id) {
    out_.Tell(TranscriptUpdated{turn.id, out_.Keep(turn.text)});
  }
}

void Core::Impl::On(const PartialTranscript& event) {
  // A decided turn waits for its final; a partial of it tells nothing that the final will not.
  if (!open_.id || event.segment != open_.id) return Stale();
  if (event.upto_sample < open_.text_upto) return;
  TakeText(open_, event.text, open_.text_from, event.upto_sample);
  WeighInterruption();
  if (open_.id && user_ == UserState::kPausing) WeighPause();
}

void Core::Impl::On(const FinalTranscript& event) {
  UserTurn* turn = FindUser(event.segment);
  if (!turn) return CorrectLate(event);
  if (event.upto_sample < turn->final_upto) return;
  turn->final_upto = event.upto_sample;
  const std::string_view text = event.no_speech ? std::string_view() : std::string_view(event.text);
  TakeText(*turn, text, event.from_sample, event.upto_sample);
  if (turn != &open_) return SettleWhatIsReady();
  WeighInterruption();
  if (open_.id && user_ == UserState::kPausing) WeighPause();
}

void Core::Impl::On(const TranscriptFailed& event) {
  UserTurn* turn = FindUser(event.segment);
  if (!turn) return Stale();
  turn->recognizer_failed = true;
  turn->failure.assign(event.message, 0, 200);
  if (turn != &open_) SettleWhatIsReady();
}

// Words of a turn that is already settled only correct the history.
void Core::Impl::CorrectLate(const FinalTranscript& event) {
  const bool known = event.segment && std::find(settled_ids_.begin(), settled_ids_.end(),
                                                event.segment) != settled_ids_.end();
  if (!known || event.no_speech || CountWords(event.text) == 0) return Stale();
  out_.Do(AppendHistory{
      .speaker = Speaker::kUser, .segment = event.segment, .text = out_.Keep(event.text)});
}

bool Core::Impl::IsSettled(const UserTurn& turn) const {
  return turn.recognizer_failed || turn.final_upto >= turn.speech_end ||
         turn.final_upto >= turn.closed_upto;
}

void Core::Impl::EndUserTurn(EndReason reason, bool wants_reply) {
  open_.wants_reply = wants_reply;
  open_.closed_upto = std::max(detects() ? vad_sample_ : uplink_, open_.from_sample);
  // A busy recognizer is no sign that nothing, or no more, was said.
  const bool known = CountWords(open_.text) > 0 && open_.TextCoversSpeech();
  const int wait_ms = known ? policy_.final_wait_ms : policy_.words_wait_ms;
  open_.final_deadline_us = now_us_ + int64_t{wait_ms} * 1000;
  TurnRecord& record = open_.record;
  record.segment = open_.id;
  record.speech_end_us = open_.speech_end_us;
  record.decided_us = now_us_;
  record.end_reason = reason;
  if (open_.flush_upto < open_.speech_end) Flush(open_, open_.closed_upto);
  out_.Do(CloseSegment{open_.id, open_.closed_upto});
  closed_upto_ = open_.closed_upto;
  last_speech_end_ = open_.speech_end;
  if (user_ != UserState::kQuiet) Transition(user_, UserState::kQuiet);
  voice_.Reset();
  if (open_.announced) out_.Tell(SpeechStopped{open_.id, open_.closed_upto});
  if (open_.announced || open_.client_made) {
    out_.Tell(AudioCommitted{open_.id, open_.from_sample, open_.closed_upto});
  }
  if (settling_count_ == kSettlingMax) SettleFront();
  UserTurn& turn = settling_[settling_count_++];
  std::swap(turn, open_);
  open_.Clear();
  Unduck();
  last_user_ = turn.record;
  const bool created = next_ || (draft_ && draft_of_ == turn.id);
  if (!IsSettled(turn) && wants_reply && turn.announced && !created && !floor_ &&
      turn.text_facts.words > 0) {
    CreateReply(/*by_client=*/false, facts_.audio_output);
  }
  SettleWhatIsReady();
  TryGate();
}

// The open segment never was.
void Core::Impl::DiscardOpen() {
  if (!open_.id) return;
  if (open_.announced) out_.Tell(SpeechStopped{open_.id, std::max(vad_sample_, open_.from_sample)});
  out_.Do(CloseSegment{open_.id, vad_sample_, /*discard=*/true});
  DropDraftOf(open_.id);
  if (user_ != UserState::kQuiet) Transition(user_, UserState::kQuiet);
  closed_upto_ = std::max(closed_upto_, vad_sample_);
  voice_.Reset();
  open_.Clear();
  Unduck();
  AnswerIfOwed();
  TryGate();
}

void Core::Impl::SettleWhatIsReady() {
  while (settling_count_ > 0 && IsSettled(settling_[0]) && !WaitsForFloor()) SettleFront();
}

// What is said into a reply that may not be interrupted is told and answered behind it: a client
// that throws away its sound when speech is announced would cut it.
bool Core::Impl::WaitsForFloor() const {
  const UserTurn& turn = settling_[0];
  return FloorIsFixed() && !turn.announced && !turn.client_made;
}

void Core::Impl::FinalIsDue() {
  while (settling_count_ > 0 && settling_[0].final_deadline_us <= now_us_) {
    if (!WaitsForFloor()) {
      SettleFront();
      continue;
    }
    settling_[0].final_deadline_us = now_us_ + int64_t{policy_.final_wait_ms} * 1000;
  }
  SettleWhatIsReady();
}

// Speech that began while the agent spoke and was never announced: now that its words are known, is
// it a turn? If so it is announced with all that should have gone before.
bool Core::Impl::AnnounceLate(UserTurn& turn, bool has_words) {
  if (!has_words) return false;
  InterruptFacts facts = FactsOfInterruption(turn);
  facts.pausing = true;
  const bool stops = floor_ && DecideInterruption(policy_, facts) == Interruption::kStop;
  const bool answers = asked_yes_no_ && turn.text_facts.yes_no;
  const bool turn_of_its_own = facts.content_words > 0 || answers;
  if (!stops && (floor_ || IsEcho(turn) || !turn_of_its_own)) return false;
  Announce(turn);
  if (stops) StopFloor(ResponseReason::kTurnDetected);
  out_.Tell(SpeechStopped{turn.id, turn.closed_upto});
  out_.Tell(AudioCommitted{turn.id, turn.from_sample, turn.closed_upto});
  return true;
}

void Core::Impl::SettleFront() {
  std::swap(settled_, settling_[0]);
  for (size_t i = 1; i < settling_count_; ++i) std::swap(settling_[i - 1], settling_[i]);
  --settling_count_;
  UserTurn& turn = settled_;
  if (IsEcho(turn)) {
    // The agent heard itself: nobody said anything.
    echo_proven_ = true;
    turn.text.clear();
    turn.text_facts = TextFacts();
  }
  const bool has_words = turn.text_facts.words > 0;
  const bool known = turn.announced || turn.client_made || AnnounceLate(turn, has_words);
  if (known) {
    settled_ids_[turn.id.value % kSettledKept] = turn.id;
    if (!has_words && turn.recognizer_failed) {
      out_.Tell(TranscriptionFailed{turn.id, out_.Keep(turn.failure)});
    } else {
      out_.Tell(TranscriptCompleted{turn.id, out_.Keep(turn.text)});
    }
  }
  turn.record.transcript_us = now_us_;
  turn.record.transcript.assign(turn.text, 0, 1000);
  turn.record.drafts_wasted = turn.drafts_wasted;
  if (known && has_words) {
    out_.Do(
        AppendHistory{.speaker = Speaker::kUser, .segment = turn.id, .text = out_.Keep(turn.text)});
    last_user_ = turn.record;
    owes_answer_ = owes_answer_ || turn.wants_reply;
    if (turn.wants_reply) Answer(turn);
  }
  DropDraftOf(turn.id);
  turn.Clear();
  StartWaiting();
  AnswerIfOwed();
  TryGate();
}

}  // namespace parley::turn
