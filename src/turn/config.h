// What the conversation core is told once (its policy's numbers) and what a client may change while
// it runs (how turns are detected, what its sound device can do). Plain values; the source of each
// number is the design of the conversation core unless stated.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace parley::turn {

enum class DetectionMode {
  kNone,         // the client commits audio and asks for responses; no voice activity at all
  kServerVad,    // a turn ends after a fixed silence
  kSemanticVad,  // a turn ends when the end-of-turn model, the words and the silence say so
};
enum class Eagerness { kLow, kMedium, kHigh };

// The client's `turn_detection`.
struct TurnDetection {
  DetectionMode mode = DetectionMode::kServerVad;
  double threshold = 0.5;         // of voice activity; semantic_vad always uses 0.5
  int prefix_padding_ms = 300;    // kept before the onset
  int silence_duration_ms = 500;  // server_vad only
  Eagerness eagerness = Eagerness::kMedium;
  bool create_response = true;
  bool interrupt_response = true;
  int idle_timeout_ms = 0;  // of silence, before the agent speaks of itself; 0: never
  bool operator==(const TurnDetection&) const = default;
};

// What stands at the other end of the wire.
struct ClientFacts {
  bool echo_free = false;    // a file, a headset, a telephone with a canceller of its own
  bool audio_output = true;  // replies are spoken; else text only
  bool recognizer = true;    // false: nothing turns speech into text
  bool end_of_turn = true;   // the end-of-turn model answers; else rules alone decide
  bool speculation = true;   // drafts are allowed
  bool operator==(const ClientFacts&) const = default;
};

// Durations named _ms on the uplink are counted in its samples, the others on the clock.
struct Policy {
  // Onset and offset.
  double semantic_threshold = 0.5;
  double offset_hysteresis = 0.15;  // offset below threshold − this
  int offset_ms = 96;               // three windows of Silero
  int prefix_ms = 300;

  // The end of a user's turn.
  int ask_first_ms = 128;         // of silence, before the end-of-turn model is asked: four windows
  int ask_again_ms = 300;         // at the latest; sooner where the answers come quickly,
  int ask_again_min_ms = 128;     // but never sooner than this
  int silence_min_ms = 160;       // T at p ≥ 0.85
  int silence_max_high_ms = 700;  // T at p ≤ 0.15, by eagerness
  int silence_max_medium_ms = 1100;
  int silence_max_low_ms = 1800;
  int silence_floor_ms = 120;
  int limit_high_ms = 2000;  // the protocol's upper limits
  int limit_medium_ms = 4000;
  int limit_low_ms = 8000;
  int wants_more_ms = 300;  // added after a word that asks for more
  double habit_weight = 0.1;
  int habit_start_ms = 400;
  int flush_ms = 64;             // of silence, before the recognizer's early pass
  int early_flushes_max = 3;     // a turn, at the first sign of silence
  int flush_sure_ms = 192;       // of silence: flushed whatever went before
  int segment_max_ms = 120'000;  // longer speech is committed as it stands

  // Speculation.
  double draft_probability = 0.5;
  int draft_silence_ms = 64;  // the early pass is the soonest that can cover all speech
  int draft_words_min = 2;
  int drafts_max = 3;                // a turn
  int draft_speech_max_ms = 15'000;  // none after so much speech

  // Interruption.
  double duck_db = -15;
  int duck_ramp_ms = 10;
  int unduck_ramp_ms = 60;
  // Voice is summed, pauses do not count. The less is known of the words, the more voice it takes
  // to stop for good: a backchannel of two words lasts up to a second, and what it was is known
  // later than that it was. Since the agent pauses meanwhile, waiting costs little.
  int evidence_words = 2;
  int word_min_ms = 125;               // of voice a word: recognizers write words into coughs
  int evidence_flush_ms = 250;         // of voice, and again: the recognizer is asked for its words
  int evidence_pause_ms = 280;         // of voice that may be more than a backchannel: a pause
  int evidence_words_due_ms = 600;     // of silence, in which words that were asked for may come
  int evidence_word_ms = 500;          // with one word that is neither backchannel nor the agent's
  int evidence_voiced_ms = 1200;       // of unknown words
  int evidence_backchannel_ms = 1800;  // all of whose words so far are backchannels
  int evidence_deaf_ms = 300;          // where nothing turns speech into words
  int early_agent_ms = 3000;  // of agent audio, while a client's echo canceller still learns
  double echo_correlation = 0.6;
  double echo_word_share = 0.7;
  int echo_text_ms = 5000;
  int echo_lag_ms = 500;  // speech that begins so soon behind the agent's may be its echo

  // Waits, each with its end.
  int final_wait_ms = 1500;       // for the recognizer, after the decision, with words at hand
  int words_wait_ms = 5000;       // the same while what is known does not cover the speech
  int held_max_ms = 1500;         // a reply behind the launch gate
  int reply_silent_ms = 5000;     // a language model that says nothing
  int speech_silent_ms = 5000;    // a voice that says nothing though it has text
  int playout_stalled_ms = 3000;  // a sink that takes nothing though there is sound
  int voice_retries_max = 2;      // a turn

  Status Validate() const;
};

}  // namespace parley::turn
