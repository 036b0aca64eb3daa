// Compares what the core did with what the person said and heard, and turns it into scores.
//
// One sequence.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "sim/loudspeaker.h"
#include "sim/person.h"
#include "sim/scores.h"
#include "turn/turn_record.h"

namespace parley::sim {

class Judge {
 public:
  // What the core told of its turns, as it went.
  void OnHistory(TurnId turn, std::string_view text);
  void OnDuck(TurnId turn) { ++facts_[turn].ducks; }
  void OnPause(TurnId turn, int64_t now_us) { facts_[turn].paused.emplace_back(now_us, now_us); }
  void OnResume(TurnId turn, int64_t now_us) { facts_[turn].paused.back().second = now_us; }
  void OnRetry(TurnId turn) { ++facts_[turn].retries; }
  void OnClientCancel(TurnId turn) { facts_[turn].cancelled = true; }
  void OnPrompt(int64_t now_us);
  void OnTurnOver(const turn::TurnRecord& record, int words_written, bool faulty, int64_t clock_us);
  void OnDraft() { ++scores_.drafts; }
  void OnPromoted() { ++scores_.drafts_used; }
  void OnDraftDropped(size_t words) { scores_.draft_words_wasted += static_cast<int64_t>(words); }
  void OnViolation(int64_t at_us, std::string_view what);
  void OnStuck(int64_t at_us, std::string what);

  Judge(Loudspeaker& loudspeaker, uint64_t seed, bool pauses, bool near, bool echo_free)
      : loudspeaker_(loudspeaker),
        seed_(seed),
        pauses_(pauses),
        near_(near),
        echo_free_(echo_free) {}

  // Was anything of a new reply heard after this time? (Under server_vad a reply whose echo comes
  // back may be cut by it before it has taken the turn.)
  bool HeardAfter(int64_t at_us) const;
  Scores Finish(const std::vector<Act>& acts, bool floor_counts, int64_t steps, double minutes);

 private:
  struct Facts {
    int history_words = 0;
    int ducks = 0;
    int retries = 0;
    std::vector<std::pair<int64_t, int64_t>> paused;
    int words_written = -1;  // −1: not over
    bool faulty = false;
    bool judged = false;
    bool cancelled = false;  // by the client
    turn::TurnRecord record;
    int64_t clock_us = 0;  // what the record's clock is ahead
  };
  struct Reply {
    const Loudspeaker::Turn* turn = nullptr;
    Facts facts;
    int words = 0;  // heard, without those heard twice
    bool whole = false;
    bool took = false;
    int64_t heard_us = 0;
  };

  int WordsHeard(TurnId turn) const;
  // Of the reply, from then on, had it gone on.
  int64_t LeftUs(const Reply& reply, int64_t at_us) const;
  void JudgeHistory(TurnId turn, Facts& facts);
  std::vector<Reply> Replies() const;
  // The language model's answer was to say nothing.
  bool ChoseSilence(int64_t from_us, int64_t upto_us) const;
  void JudgeTurn(const std::vector<Act>& acts, size_t index, const std::vector<Reply>& replies);
  void JudgeMurmur(const std::vector<Act>& acts, size_t index, const std::vector<Reply>& replies);
  void JudgeInterruption(const Act& act, const std::vector<Reply>& replies);
  void JudgeWords(const std::vector<Reply>& replies);

  void Lapse(bool is, int64_t at_us, const char* what) {
    if (is) scores_.lapses.push_back({seed_, at_us, what});
  }

  Loudspeaker& loudspeaker_;
  const uint64_t seed_;
  const bool pauses_;
  const bool near_;
  const bool echo_free_;
  std::map<TurnId, Facts> facts_;
  std::vector<TurnId> unjudged_;  // over, their history not yet looked at
  Scores scores_;
};

}  // namespace parley::sim
