// What a simulation measures, each score with the exact words for it. After Full-Duplex-Bench (Lin
// et al., 2025), a takeover is agent speech that was heard for ≥ 1 s, or of which > 3 words were
// heard, or a whole reply that is shorter. The floor's scores are over calls under semantic_vad:
// server_vad answers any sound by its protocol.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace parley::sim {

struct Share {
  int64_t hits = 0;
  int64_t of = 0;
  void Count(bool hit) {
    ++of;
    if (hit) ++hits;
  }
  double value() const { return of == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(of); }
};

// A call that broke a promise, and how to see it again.
struct Failure {
  uint64_t seed = 0;
  int64_t at_us = 0;
  std::string what;
};

// Where the gap of one reply went, ms after the person's last sample.
struct Stages {
  float decided_ms = 0;     // the end of the turn
  float transcript_ms = 0;  // its words are settled
  float started_ms = 0;     // the language model was asked
  float token_ms = 0;       // its first word
  float clause_ms = 0;      // the voice was asked
  float speech_ms = 0;      // its first sound
  float heard_ms = 0;       // the gap
  float probability = 0;    // of the end-of-turn model
  int silence_needed_ms = 0;
  bool drafted = false;
};

// How soon an interruption was obeyed.
struct Stop {
  float ms = 0;         // from its first sample to the last audible sample of what it interrupted
  bool pauses = false;  // the client, or the server for it, can hold what is being played
  bool near = false;    // the network's way is short
  bool bare = false;    // a word of the stop list alone
  bool echo_free = false;  // else only words count at first, or for good where there is echo
};

struct Scores {
  double minutes = 0;  // of calls
  int64_t calls = 0;
  int64_t user_turns = 0;
  int64_t agent_turns = 0;
  int64_t steps = 0;

  // From the person's last sample to the first audible sample of the reply that took the turn; over
  // replies whose engines did not break.
  std::vector<float> gap_ms;
  std::vector<Stages> stages;
  std::vector<Stop> stops;
  // How long the agent was silent for a backchannel or a cough and then went on, where it can
  // pause.
  std::vector<float> breath_ms;
  // Of replies that were cut: |words in the history − words heard|, when the language model is next
  // asked, or at the end of the call.
  std::vector<float> history_error_words;

  Share pause_takeover;     // bad: pauses inside a turn in which the agent took over
  Share pause_false_start;  // bad: … in which any of the agent was heard
  Share end_takeover;       // good: ends of turns after which the agent took over
  Share interruption;       // good: interruptions that silenced the agent
  Share backchannel;        // bad: backchannels that cut a reply or were answered
  Share cough;              // bad: the same of coughs

  // Of replies that were ducked and went on to their end: words that were never heard, or twice.
  int64_t resumes = 0;
  int64_t resume_words_lost = 0;
  int64_t resume_words_repeated = 0;
  // The same of replies whose voice died on the way.
  int64_t voice_retries = 0;
  int64_t retry_words_lost = 0;
  int64_t retry_words_repeated = 0;

  int64_t drafts = 0;
  int64_t drafts_used = 0;
  int64_t draft_words_wasted = 0;  // written by the language model for nothing
  int64_t stuck = 0;               // calls whose last question got no answer, or that never rest
  int64_t violations = 0;          // broken invariants
  std::map<std::string, int64_t> violations_by_kind;
  std::vector<Failure> failures;  // the first ones
  std::vector<Failure> lapses;    // some of what lowered a score of the floor

  void Add(const Scores& other);
};

}  // namespace parley::sim
