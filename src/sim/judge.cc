#include "sim/judge.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "turn/words.h"

namespace parley::sim {
namespace {

constexpr int64_t kTakeoverUs = 1'000'000;
constexpr int kTakeoverWords = 4;
// What the agent is given to fall silent in, behind the interruption's last sample.
constexpr int64_t kYieldUs = 1'000'000;
// A murmur is one while the agent goes on for so long behind it.
constexpr int64_t kBehindUs = 500'000;
// A word of the agent lasts about so long.
constexpr int64_t kAgentWordUs = 290'000;
// Sound that left before the person went on may still be on its way.
constexpr int64_t kOnItsWayUs = 150'000;

int64_t NextTurnFrom(const std::vector<Act>& acts, size_t index) {
  for (size_t i = index + 1; i < acts.size(); ++i) {
    if (acts[i].kind == Act::Kind::kTurn) return acts[i].from_us;
  }
  return std::numeric_limits<int64_t>::max();
}

// What is cut then was cut by that.
bool BehindAnInterruption(const std::vector<Act>& acts, size_t index) {
  const Act& act = acts[index];
  return std::any_of(acts.begin(), acts.begin() + static_cast<ptrdiff_t>(index),
                     [&act](const Act& before) {
                       return before.interrupts && before.during == act.during &&
                              act.from_us - before.upto_us < kYieldUs;
                     });
}

}  // namespace

void Judge::OnHistory(TurnId turn, std::string_view text) {
  facts_[turn].history_words = turn::CountWords(text);
}

void Judge::OnTurnOver(const turn::TurnRecord& record, int words_written, bool faulty,
                       int64_t clock_us) {
  Facts& facts = facts_[record.turn];
  facts.words_written = words_written;
  facts.faulty = faulty;
  facts.record = record;
  facts.clock_us = clock_us;
  unjudged_.push_back(record.turn);
}

void Judge::OnViolation(int64_t at_us, std::string_view what) {
  ++scores_.violations;
  ++scores_.violations_by_kind[std::string(what)];
  if (scores_.failures.size() < 2) scores_.failures.push_back({seed_, at_us, std::string(what)});
}

void Judge::OnStuck(int64_t at_us, std::string what) {
  ++scores_.stuck;
  scores_.failures.push_back({seed_, at_us, std::move(what)});
}

// Those heard twice count once.
int Judge::WordsHeard(TurnId turn) const {
  const Loudspeaker::Turn* found = loudspeaker_.Find(turn);
  if (!found) return 0;
  uint64_t seen = 0;
  for (size_t i = 0; i < found->next_word; ++i) {
    if (found->words[i].index >= 0) seen |= uint64_t{1} << found->words[i].index;
  }
  return __builtin_popcountll(seen);
}

void Judge::JudgeHistory(TurnId turn, Facts& facts) {
  facts.judged = true;
  const int heard = WordsHeard(turn);
  if (heard >= facts.words_written && facts.history_words >= facts.words_written) return;
  if (heard == 0 && facts.history_words == 0) return;
  scores_.history_error_words.push_back(static_cast<float>(std::abs(facts.history_words - heard)));
}

// The language model is about to be shown the history.
void Judge::OnPrompt(int64_t) {
  loudspeaker_.Advance();
  std::erase_if(unjudged_, [this](TurnId turn) {
    if (loudspeaker_.playing_turn() == turn) return false;
    JudgeHistory(turn, facts_[turn]);
    return true;
  });
}

std::vector<Judge::Reply> Judge::Replies() const {
  std::vector<Reply> replies;
  for (const Loudspeaker::Turn& turn : loudspeaker_.turns()) {
    if (turn.first_heard_us < 0) continue;
    Reply reply{.turn = &turn};
    if (const auto found = facts_.find(turn.id); found != facts_.end()) reply.facts = found->second;
    reply.words = WordsHeard(turn.id);
    reply.whole = reply.facts.words_written > 0 && reply.words >= reply.facts.words_written;
    reply.heard_us = turn.heard * 1'000'000 / kOutputRateHz;
    reply.took = reply.whole || reply.heard_us >= kTakeoverUs || reply.words >= kTakeoverWords;
    replies.push_back(reply);
  }
  return replies;
}

bool Judge::HeardAfter(int64_t at_us) const {
  const std::vector<Reply> replies = Replies();
  return std::any_of(replies.begin(), replies.end(),
                     [at_us](const Reply& reply) { return reply.turn->first_heard_us >= at_us; });
}

bool Judge::ChoseSilence(int64_t from_us, int64_t upto_us) const {
  return std::any_of(facts_.begin(), facts_.end(), [&](const auto& entry) {
    const Facts& facts = entry.second;
    const int64_t ended_us = facts.record.ended_us - facts.clock_us;
    return facts.words_written == 0 && facts.record.status == turn::ResponseStatus::kCompleted &&
           ended_us > from_us && ended_us < upto_us;
  });
}

void Judge::JudgeTurn(const std::vector<Act>& acts, size_t index,
                      const std::vector<Reply>& replies) {
  const Act& act = acts[index];
  if (act.disturbed) return;
  for (const auto& [from_us, upto_us] : act.pauses) {
    bool heard = false;
    bool took = false;
    for (const Reply& reply : replies) {
      const int64_t at_us = reply.turn->first_heard_us;
      if (at_us < from_us || at_us >= upto_us + kOnItsWayUs) continue;
      heard = true;
      took = took || reply.took;
    }
    scores_.pause_false_start.Count(heard);
    scores_.pause_takeover.Count(took);
    Lapse(took, from_us, "pause taken");
  }
  if (act.continued || act.bare_stop) return;
  const int64_t next_us = NextTurnFrom(acts, index);
  const Reply* taker = nullptr;
  for (const Reply& reply : replies) {
    const int64_t at_us = reply.turn->first_heard_us;
    if (at_us < act.upto_us || at_us >= next_us) continue;
    // The client itself cut it short.
    if (reply.facts.cancelled && !reply.took) return;
    if (reply.took && !taker) taker = &reply;
  }
  if (!taker && ChoseSilence(act.upto_us, next_us)) return;
  scores_.end_takeover.Count(taker != nullptr);
  Lapse(!taker, act.upto_us, "end missed");
  if (taker && !taker->facts.faulty) {
    const turn::TurnRecord& record = taker->facts.record;
    const auto after = [&](int64_t at_us) {
      return static_cast<float>(at_us - taker->facts.clock_us - act.upto_us) / 1000;
    };
    const float gap_ms = after(taker->turn->first_heard_us + taker->facts.clock_us);
    scores_.gap_ms.push_back(gap_ms);
    scores_.stages.push_back({.decided_ms = after(record.decided_us),
                              .transcript_ms = after(record.transcript_us),
                              .started_ms = after(record.reply_started_us),
                              .token_ms = after(record.first_token_us),
                              .clause_ms = after(record.first_clause_us),
                              .speech_ms = after(record.first_speech_us),
                              .heard_ms = gap_ms,
                              .probability = record.probability,
                              .silence_needed_ms = record.silence_needed_ms,
                              .drafted = record.draft == turn::DraftOutcome::kHit});
  }
}

int64_t Judge::LeftUs(const Reply& reply, int64_t at_us) const {
  int heard_before = 0;
  for (const Loudspeaker::HeardWord& word : loudspeaker_.heard_words()) {
    if (word.turn == reply.turn->id && word.upto_us <= at_us) ++heard_before;
  }
  return (reply.facts.words_written - heard_before) * kAgentWordUs;
}

void Judge::JudgeInterruption(const Act& act, const std::vector<Reply>& replies) {
  for (const Reply& reply : replies) {
    if (reply.turn->id != act.during || reply.facts.faulty || reply.facts.cancelled) continue;
    // What would have ended by itself tells nothing.
    if (act.disturbed || LeftUs(reply, act.from_us) < 1'500'000) return;
    const int64_t silent_us = reply.turn->last_heard_us;
    const bool yielded = !reply.whole && silent_us <= act.upto_us + kYieldUs;
    scores_.interruption.Count(yielded);
    Lapse(!yielded, act.from_us, "interruption missed");
    if (yielded) {
      scores_.stops.push_back({.ms = static_cast<float>(silent_us - act.from_us) / 1000,
                               .pauses = pauses_,
                               .near = near_,
                               .bare = act.bare_stop,
                               .echo_free = echo_free_});
    }
  }
}

void Judge::JudgeMurmur(const std::vector<Act>& acts, size_t index,
                        const std::vector<Reply>& replies) {
  const Act& act = acts[index];
  const int64_t next_us = NextTurnFrom(acts, index);
  if (BehindAnInterruption(acts, index)) return;
  for (const Reply& reply : replies) {
    if (reply.turn->id != act.during || reply.facts.faulty || reply.facts.cancelled) continue;
    // Behind a reply the same sound is a turn.
    if (act.disturbed || LeftUs(reply, act.upto_us) < kBehindUs) return;
    // The person's next turn may have been an interruption.
    const bool went_on = next_us > reply.turn->last_heard_us;
    if (!went_on && next_us - act.upto_us < 1'500'000) return;
    const bool cut = !reply.whole && reply.turn->last_heard_us < next_us;
    const bool answered = std::any_of(replies.begin(), replies.end(), [&](const Reply& other) {
      return other.turn->first_heard_us > act.from_us && other.turn->first_heard_us < next_us &&
             other.turn->id != act.during;
    });
    const bool cough = act.kind == Act::Kind::kCough;
    if (pauses_ && !cut) {
      int64_t silent_us = 0;
      for (const auto& [from_us, upto_us] : reply.facts.paused) {
        const bool by_this = from_us > act.from_us && from_us < act.upto_us + kBehindUs;
        if (by_this) silent_us += upto_us - from_us;
      }
      scores_.breath_ms.push_back(static_cast<float>(silent_us) / 1000);
    }
    (cough ? scores_.cough : scores_.backchannel).Count(cut || answered);
    Lapse(cut, act.from_us, cough ? "cut by a cough" : "cut by a backchannel");
    Lapse(answered && !cut, act.from_us, cough ? "cough answered" : "backchannel answered");
    return;
  }
}

void Judge::JudgeWords(const std::vector<Reply>& replies) {
  for (const Reply& reply : replies) {
    const Loudspeaker::Turn& turn = *reply.turn;
    const bool undisturbed = !turn.dropped && !turn.client_dropped && reply.facts.words_written > 0;
    if (!undisturbed || (reply.facts.faulty && reply.facts.retries == 0)) continue;
    const auto with_words = std::count_if(
        turn.words.begin(), turn.words.begin() + static_cast<ptrdiff_t>(turn.next_word),
        [](const Loudspeaker::Word& word) { return word.index >= 0; });
    const int64_t lost = std::max(0, reply.facts.words_written - reply.words);
    const int64_t repeated = with_words - reply.words;
    if (reply.facts.retries > 0) {
      ++scores_.voice_retries;
      scores_.retry_words_lost += lost;
      scores_.retry_words_repeated += repeated;
    } else if (reply.facts.ducks > 0) {
      ++scores_.resumes;
      scores_.resume_words_lost += lost;
      scores_.resume_words_repeated += repeated;
    }
  }
}

Scores Judge::Finish(const std::vector<Act>& acts, bool floor_counts, int64_t steps,
                     double minutes) {
  loudspeaker_.Advance();
  for (const TurnId turn : unjudged_) JudgeHistory(turn, facts_[turn]);
  scores_.calls = 1;
  scores_.minutes = minutes;
  scores_.steps = steps;
  scores_.user_turns = std::count_if(acts.begin(), acts.end(),
                                     [](const Act& act) { return act.kind == Act::Kind::kTurn; });
  scores_.agent_turns = static_cast<int64_t>(facts_.size());
  const std::vector<Reply> replies = Replies();
  JudgeWords(replies);
  if (!floor_counts) return std::move(scores_);
  for (size_t i = 0; i < acts.size(); ++i) {
    if (acts[i].kind != Act::Kind::kTurn) {
      JudgeMurmur(acts, i, replies);
      continue;
    }
    JudgeTurn(acts, i, replies);
    if (acts[i].interrupts) JudgeInterruption(acts[i], replies);
  }
  return std::move(scores_);
}

}  // namespace parley::sim
