// Speech while the agent speaks: is it a turn, a murmur, or the agent's own echo?
#include <algorithm>
#include <string_view>

#include "turn/internal/core_impl.h"
#include "turn/words.h"

namespace parley::turn {
namespace {

int64_t MsOf(int64_t samples) { return samples * 1000 / kUplinkRateHz; }

}  // namespace

// While the agent is ducked: what has the user said so far?
void Core::Impl::FlushForEvidence() {
  if (user_ != UserState::kSpeaking || !MayInterrupt(open_)) return;
  const int64_t voiced = open_.voiced_samples - open_.evidence_flushed_at;
  if (MsOf(voiced) < policy_.evidence_flush_ms) return;
  open_.evidence_flushed_at = open_.voiced_samples;
  Flush(open_, vad_sample_);
}

// Not every sound stops the agent: by the client's wish, or because its own sound comes back.
bool Core::Impl::WeighsEvidence() const {
  return semantic() || (echo_proven_ && !facts_.echo_free);
}

bool Core::Impl::MayInterrupt(const UserTurn& turn) const {
  return floor_ && floor_->interruptible && WeighsEvidence() && detection_.interrupt_response &&
         !turn.announced;
}

// What the agent said in the last seconds, as far as it may come back as an echo.
std::string_view Core::Impl::RecentAgentText() const {
  const int64_t back = int64_t{policy_.echo_text_ms} * config_.output_rate_hz / 1000;
  const auto last_words = [back](const auto& turn) {
    const size_t from = turn.ledger.SourceHeard(turn.played - back);
    const size_t upto = std::max(from, turn.ledger.SourceBegun(turn.sent));
    return std::string_view(turn.text).substr(from, upto - from);
  };
  if (floor_) return last_words(*floor_);
  const bool recent =
      floor_ended_us_ != 0 && now_us_ - floor_ended_us_ < int64_t{policy_.echo_text_ms} * 1000;
  return recent ? last_words(ended_[floor_ended_at_]) : std::string_view();
}

void Core::Impl::NoteText(UserTurn& turn) const {
  // The last word of what ends in mid-speech may be half of another.
  const bool in_mid_speech = turn.text_upto <= turn.speech_end;
  const std::string_view whole =
      in_mid_speech ? WithoutLastWord(turn.text) : std::string_view(turn.text);
  const bool may_echo = turn.during_agent && !facts_.echo_free;
  const std::string_view own = may_echo ? RecentAgentText() : std::string_view();
  turn.text_facts = {
      .words = CountWords(turn.text),
      .content_words = CountContentWords(*lexicon_, whole, own),
      .only_backchannel =
          IsOnlyBackchannel(*lexicon_, turn.text) || IsOnlyBackchannel(*lexicon_, whole),
      .stop_word = OpensWithStop(*lexicon_, turn.text, own),
      .echo_words = may_echo && ShareOfWordsIn(turn.text, own) >= policy_.echo_word_share,
      .wants_more = WantsMore(*lexicon_, turn.text),
      .yes_no = IsYesNoAnswer(*lexicon_, turn.text),
      .ends_sentence = EndsSentence(turn.text)};
}

InterruptFacts Core::Impl::FactsOfInterruption(const UserTurn& turn) const {
  const int64_t early_samples = int64_t{policy_.early_agent_ms} * config_.output_rate_hz / 1000;
  const TextFacts& text = turn.text_facts;
  return {.voiced_ms = static_cast<int>(MsOf(turn.voiced_samples)),
          .utterance_ms = static_cast<int>(MsOf(turn.voiced_in_all)),
          .pausing = user_ != UserState::kSpeaking,
          .words_due = &turn == &open_ && WordsAreDue(),
          .only_backchannel = text.only_backchannel,
          .stop_word = text.stop_word,
          .content_words = text.content_words,
          .early = agent_samples_ < early_samples,
          .echo_free = facts_.echo_free,
          .echo_sound = turn.echo_sound,
          .echo_words = text.echo_words,
          .deaf = !facts_.recognizer || turn.recognizer_failed};
}

// The user has paused, and what they said over the agent is not yet known.
bool Core::Impl::WordsAreDue() const {
  return user_ == UserState::kPausing && MayInterrupt(open_) && facts_.recognizer &&
         !open_.recognizer_failed && open_.text_upto <= open_.speech_end &&
         MsOf(SilenceSamples()) < policy_.evidence_words_due_ms;
}

// It sounds and reads like the agent, and nobody says stop into it.
bool Core::Impl::IsEcho(const UserTurn& turn) const {
  return turn.echo_sound && turn.text_facts.echo_words && !turn.text_facts.stop_word;
}

// Does what the user says, while the agent speaks, take the floor?
void Core::Impl::WeighInterruption() {
  if (open_.id && !floor_ && !open_.announced) return WeighOverlap();
  if (!open_.id || !MayInterrupt(open_)) return;
  switch (DecideInterruption(policy_, FactsOfInterruption(open_))) {
    case Interruption::kStop:
      Announce(open_);
      StopFloor(ResponseReason::kTurnDetected);
      return TryGate();
    case Interruption::kPause:
      return PauseAgent();
    case Interruption::kGoOn:
      // It was weighed: what comes behind the pause is weighed by itself.
      open_.voiced_samples = open_.evidence_flushed_at = 0;
      return Unduck();
    case Interruption::kIgnore:
      echo_proven_ = true;
      return DiscardOpen();
    case Interruption::kWait:
      // So far it is a murmur.
      if (open_.text_facts.only_backchannel) ResumeAgent();
      return;
  }
}

// Speech that began over the agent's last words and goes on behind them: a turn once it has a word,
// or has lasted longer than a backchannel does.
void Core::Impl::WeighOverlap() {
  const InterruptFacts facts = FactsOfInterruption(open_);
  if (facts.echo_sound && facts.echo_words) return;
  const int needed_ms =
      facts.only_backchannel ? policy_.evidence_backchannel_ms : policy_.evidence_voiced_ms;
  if (facts.content_words == 0 && facts.voiced_ms < needed_ms) return;
  Announce(open_);
}

void Core::Impl::Duck() {
  if (!floor_ || floor_->state != TurnState::kSpeaking) return;
  Transition(floor_->state, TurnState::kDucked);
  out_.Do(SetGain{policy_.duck_db, policy_.duck_ramp_ms});
}

void Core::Impl::PauseAgent() {
  if (!floor_ || floor_->state != TurnState::kDucked) return;
  Transition(floor_->state, TurnState::kPaused);
  out_.Do(PausePlayout{floor_->id});
}

void Core::Impl::ResumeAgent() {
  if (!floor_ || floor_->state != TurnState::kPaused) return;
  Transition(floor_->state, TurnState::kDucked);
  floor_->progress_us = now_us_;
  out_.Do(ResumePlayout{floor_->id});
}

void Core::Impl::Unduck() {
  ResumeAgent();
  if (!floor_ || floor_->state != TurnState::kDucked) return;
  Transition(floor_->state, TurnState::kSpeaking);
  out_.Do(SetGain{0, policy_.unduck_ramp_ms});
}

void Core::Impl::On(const EchoEvidence& event) {
  UserTurn* turn = FindUser(event.segment);
  if (!turn) return Stale();
  if (turn->during_agent && event.correlation > policy_.echo_correlation) turn->echo_sound = true;
  WeighInterruption();
}

}  // namespace parley::turn
