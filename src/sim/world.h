// The simulated world in numbers: how people talk, how fast and how wrong the engines are, what the
// network and the client do, what breaks. The standard mix is what the scores are stated over.
// Plain values; where a number was measured or taken from somewhere, it says so.
#pragma once

#include "sim/dice.h"
#include "turn/config.h"

namespace parley::sim {

// The fakes' speeds. As they stand: two cores (2.6 GHz, AVX-512) without a GPU, as `parley bench`
// measures the real engines there; the low end is an idle box, the high end one at work.
struct Engines {
  // A recognizer's final pass over 3 s of speech; `recognizer_fixed` of it whatever the length, the
  // rest by the length (Whisper tiny with its context cut to the sound).
  Span recognizer_final_3s{130, 260};
  double recognizer_fixed = 0.4;
  int partial_every_ms = 500;   // of new sound, as the whisper engine does
  double partial_share = 0.65;  // of a final's time; a flush ends a partial that is under way
  Span end_of_turn{45, 90};
  Span model_first{50, 450, true};  // a server of its own: 50; the small embedded model: 140–430
  Span model_word{12, 40, true};
  Span voice_first{58, 110};
  double voice_speed_low = 3;  // times real time
  double voice_speed_high = 8;

  static Engines TwoCores() { return {}; }
  // The same engines on two older cores (AVX2 alone), at work.
  static Engines SlowCores() {
    return {
        .recognizer_final_3s = {350, 600}, .end_of_turn = {250, 300}, .voice_first = {150, 280}};
  }
  // What engines on a GPU do.
  static Engines Gpu() {
    return {.recognizer_final_3s = {25, 60},
            .partial_every_ms = 300,
            .end_of_turn = {8, 20},
            .model_first = {20, 60, true},
            .model_word = {3, 8, true},
            .voice_first = {30, 70},
            .voice_speed_low = 10,
            .voice_speed_high = 30};
  }
};

// How often the fakes are wrong without being broken.
struct Accuracy {
  double vad_miss = 0.02;         // of voiced windows
  double vad_false = 0.002;       // of silent windows
  double vad_cough = 0.75;        // of a cough's windows that count as voice
  int vad_tail_ms = 32;           // voice activity outlasts the voice by up to this
  double end_of_turn_end = 0.93;  // ends told as ends (smart-turn's authors: 93–96 % for English)
  double end_of_turn_pause = 0.93;  // pauses told as pauses
  double final_word_wrong = 0.02;
  double partial_word_wrong = 0.06;
  double cut_word_heard = 0.35;  // a word of which a partial has only most is guessed right
  double stop_written = 0.85;    // a full stop or question mark at a true end
  double stop_invented = 0.2;    // one at a pause inside a turn
  double cough_words = 0.01;     // words made of a cough
};

// How people talk: shares of turns or replies, times in ms.
struct People {
  Span word{160, 380};
  int phrase_words_min = 2;
  int phrase_words_max = 8;
  double two_phrases = 0.25;  // else one, or three
  double three_phrases = 0.15;
  // Pauses inside turns: log-normal (Heldner and Edlund, 2010: medians of 0.4 to 0.5 s and a long
  // tail), kept between the bounds.
  double pause_median_ms = 550;
  double pause_sigma = 0.5;
  double pause_min_ms = 200;
  double pause_max_ms = 1500;
  double pause_asks_more = 0.45;  // the phrase before ends in a word that asks for more
  double pause_filler = 0.2;      // … or in a filler
  double self_repair = 0.06;
  double end_asks_more = 0.03;  // a whole turn ends in such a word all the same
  double borrowed_word = 0.1;   // of words: one of the agent's own
  double backchannel = 0.3;     // of replies
  double cough = 0.12;
  double interruption = 0.2;
  double bare_stop = 0.2;    // of interruptions: a word of the stop list alone
  double stop_first = 0.25;  // … or first
  Span backchannel_word{150, 500};
  Span cough_length{120, 450};
  Span reaction{250, 1800};        // from the agent's silence to the next turn
  double quick_succession = 0.05;  // a second turn before the first was answered
  Span succession{350, 1200};
  double long_silence = 0.03;
  Span silence{8000, 20'000};
  double patience_ms = 9000;  // without an answer, before asking again
};

// Network, client and server timers.
struct Wire {
  Span delay{1, 15, true};  // one way, of a call
  double jitter_ms = 8;     // at most, added to each
  double slow_call = 0.1;   // of calls: a far or bad network
  Span slow_delay{40, 150};
  double slow_jitter_ms = 40;
  double stall = 0.01;  // of turns: the uplink stands still, then all comes at once
  Span stall_length{300, 3000};
  int chunk_ms = 20;  // the client's packets
  int pace_ms = 40;
  int lead_ms = 400;
  double own_pacer = 0.3;  // of calls; then clients that report, and the rest estimates
  double reporting = 0.5;
  Span truncate_late{5, 400, true};
};

// Shares of calls, turns, replies or passes that something breaks in.
struct Faults {
  double echo = 0.1;  // of calls
  double echo_level_low_db = -30;
  double echo_level_high_db = -6;
  Span echo_delay{50, 300};
  double mute = 0.01;  // of turns: the microphone, in mid-word
  Span mute_length{1200, 5000};
  double end_of_turn_lost = 0.01;  // of questions
  double end_of_turn_late = 0.03;
  double final_late = 0.01;  // by 1 to 4 s
  double final_lost = 0.005;
  double final_twice = 0.02;
  double recognizer_dies = 0.003;  // another takes over, nine times in ten
  double model_fails = 0.005;      // at once
  double model_cut = 0.005;        // in mid-reply
  double model_stalls = 0.005;
  double model_empty = 0.003;
  double model_calls_tool = 0.02;
  double voice_crashes = 0.01;  // in mid-utterance, retryable
  double voice_fails = 0.002;   // for good
  double voice_stalls = 0.003;
  double voice_mute = 0.002;      // done without a sample
  double client_cancels = 0.02;   // of replies, at any moment
  double client_asks = 0.01;      // response.create out of place
  double client_commits = 0.005;  // of turns, in their midst
  double client_clears = 0.005;
  double client_updates = 0.005;

  static Faults None() {
    Faults none;
    none.echo = none.mute = none.end_of_turn_lost = none.end_of_turn_late = 0;
    none.final_late = none.final_lost = none.final_twice = none.recognizer_dies = 0;
    none.model_fails = none.model_cut = none.model_stalls = none.model_empty = 0;
    none.model_calls_tool = none.voice_crashes = none.voice_fails = none.voice_stalls = 0;
    none.voice_mute = none.client_cancels = none.client_asks = none.client_commits = 0;
    none.client_clears = none.client_updates = 0;
    return none;
  }
};

struct World {
  turn::Policy policy;  // of the core
  Engines engines;
  Accuracy accuracy;
  People people;
  Wire wire;
  Faults faults;
  bool speculation = true;
  double semantic_vad = 0.75;  // of calls; then server_vad, and the rest push to talk
  double server_vad = 0.2;
  Span call_length{90'000, 240'000};
};

}  // namespace parley::sim
