#include "turn/decisions.h"

#include <algorithm>
#include <cmath>

#include "turn/words.h"

namespace parley::turn {
namespace {

// 0 below low, 1 above high, 3x² − 2x³ between.
double Smoothstep(double low, double high, double value) {
  const double x = std::clamp((value - low) / (high - low), 0.0, 1.0);
  return x * x * (3 - 2 * x);
}

struct Limits {
  int silence_max_ms;
  int limit_ms;
};

Limits LimitsOf(const Policy& policy, Eagerness eagerness) {
  switch (eagerness) {
    case Eagerness::kHigh:
      return {policy.silence_max_high_ms, policy.limit_high_ms};
    case Eagerness::kLow:
      return {policy.silence_max_low_ms, policy.limit_low_ms};
    case Eagerness::kMedium:
      break;
  }
  return {policy.silence_max_medium_ms, policy.limit_medium_ms};
}

// What stands in for the model where it is absent: written punctuation is the recognizer's own
// judgement of completeness.
double RuleProbability(const PauseFacts& facts) {
  if (!facts.has_text) return 0.5;
  return facts.ends_sentence ? 0.7 : 0.35;
}

}  // namespace

VoiceGate::Edge VoiceGate::Update(float probability, double threshold, double hysteresis,
                                  int offset_windows) {
  const bool voiced = probability >= threshold;
  recent_ = (recent_ << 1 | (voiced ? 1u : 0u)) & 7u;
  quiet_windows_ = probability <= threshold - hysteresis ? quiet_windows_ + 1 : 0;
  const int count = static_cast<int>((recent_ & 1) + (recent_ >> 1 & 1) + (recent_ >> 2 & 1));
  if (!active_ && voiced && count >= 2) {
    active_ = true;
    return Edge::kOnset;
  }
  if (active_ && quiet_windows_ >= offset_windows) {
    active_ = false;
    recent_ = 0;
    return Edge::kOffset;
  }
  return Edge::kNone;
}

int VoiceGate::OnsetWindows() const {
  if ((recent_ & 4) != 0) return 3;
  return (recent_ & 2) != 0 ? 2 : 1;
}

int SilenceNeededMs(const Policy& policy, const PauseFacts& facts) {
  const Limits limits = LimitsOf(policy, facts.eagerness);
  double p = facts.probability >= 0 ? facts.probability : 0.5;
  if (!facts.model) p = RuleProbability(facts);
  if (facts.decisive) p = 1;
  double needed_ms = limits.silence_max_ms +
                     (policy.silence_min_ms - limits.silence_max_ms) * Smoothstep(0.15, 0.85, p);
  if (facts.wants_more && !facts.decisive) needed_ms += policy.wants_more_ms;
  // A slow speaker needs more time where the end is in doubt; where it is plain, nobody does.
  const double plain_ms = facts.habit > 1 ? policy.silence_min_ms : 0;
  needed_ms = plain_ms + (needed_ms - plain_ms) * facts.habit;
  return static_cast<int>(
      std::lround(std::clamp<double>(needed_ms, policy.silence_floor_ms, limits.limit_ms)));
}

void PauseHabit::Learn(int64_t pause_ms) {
  mean_ms_ += weight_ * (static_cast<double>(pause_ms) - mean_ms_);
}

double PauseHabit::factor() const { return std::clamp(mean_ms_ / start_ms_, 0.7, 1.5); }

Interruption DecideInterruption(const Policy& policy, const InterruptFacts& facts) {
  if (facts.echo_sound && facts.echo_words && !facts.stop_word) return Interruption::kIgnore;
  // More words than the voice had room for are the recognizer's own.
  const int words = std::min(facts.content_words, facts.utterance_ms / policy.word_min_ms);
  if (facts.stop_word || words >= policy.evidence_words) return Interruption::kStop;
  const bool echo_possible = facts.echo_sound || facts.echo_words;
  const bool words_only = echo_possible || (facts.early && !facts.echo_free);
  int voiced_needed_ms = policy.evidence_voiced_ms;
  if (words > 0) voiced_needed_ms = policy.evidence_word_ms;
  if (facts.only_backchannel) voiced_needed_ms = policy.evidence_backchannel_ms;
  if (facts.deaf) voiced_needed_ms = policy.evidence_deaf_ms;
  if (!words_only && facts.voiced_ms >= voiced_needed_ms) return Interruption::kStop;
  if (facts.pausing) return facts.words_due ? Interruption::kWait : Interruption::kGoOn;
  const bool likely = !words_only && !facts.only_backchannel;
  return likely && facts.voiced_ms >= policy.evidence_pause_ms ? Interruption::kPause
                                                               : Interruption::kWait;
}

bool GateOpen(const GateFacts& facts) {
  if (!facts.something_ready || facts.floor_taken) return false;
  return !facts.detection || (!facts.user_open && !facts.newer_commit);
}

bool MayDraft(const Policy& policy, const DraftFacts& facts) {
  if (!facts.allowed || facts.drafts >= policy.drafts_max || facts.wants_more) return false;
  if (facts.speech_ms > policy.draft_speech_max_ms || !facts.text_covers_speech) return false;
  if (facts.words >= 1 && facts.probability >= policy.draft_probability) return true;
  // A model that has judged the turn unfinished is believed over the silence.
  if (facts.probability >= 0) return false;
  return facts.words >= policy.draft_words_min && facts.silence_ms >= policy.draft_silence_ms;
}

size_t BytesKeptBefore(std::string_view older, std::string_view newer) {
  // For each word of `older` as a beginning: do its words to the end open `newer`?
  for (size_t from = 0; from < older.size(); ++from) {
    const bool begins = from == 0 || older[from - 1] == ' ';
    if (!begins || older[from] == ' ') continue;
    WordReader tail(older.substr(from));
    WordReader head(newer);
    bool same = true;
    bool any = false;
    while (same && tail.Next()) {
      same = head.Next() && head.word() == tail.word();
      any = true;
    }
    if (same && any) return from;
  }
  return older.size();
}

}  // namespace parley::turn
