// The decisions of the conversation core, as pure functions of what is known: tested as tables.
// Numbers come from Policy (turn/config.h), algorithms from the design of the conversation core.
#pragma once

#include <cstdint>

#include "turn/config.h"
#include "turn/lexicon.h"

namespace parley::turn {

// Onset and offset of speech from a row of probabilities, one per window of 32 ms.
class VoiceGate {
 public:
  enum class Edge { kNone, kOnset, kOffset };

  // Onset: ≥ threshold in 2 of 3 windows. Offset: ≤ threshold − hysteresis in `offset_windows`
  // windows in a row.
  Edge Update(float probability, double threshold, double hysteresis, int offset_windows);
  // The last window was above threshold − hysteresis: not yet silence.
  bool lasting() const { return quiet_windows_ == 0; }
  bool voiced() const { return (recent_ & 1) != 0; }
  int quiet_windows() const { return quiet_windows_; }
  bool active() const { return active_; }
  // How many windows back, the newest included, the first voiced one of the last three lies.
  int OnsetWindows() const;
  void Reset() { *this = VoiceGate(); }

 private:
  unsigned recent_ = 0;  // bit 0: the newest window was ≥ threshold
  int quiet_windows_ = 0;
  bool active_ = false;
};

// What decides how long a pause must be.
struct PauseFacts {
  Eagerness eagerness = Eagerness::kMedium;
  float probability = -1;  // of the end-of-turn model; −1: unknown, taken as 0.5
  bool model = true;       // false: rules alone; punctuation stands in for the model
  bool wants_more = false;
  bool decisive = false;       // the words alone say it is over
  bool ends_sentence = false;  // the text ends in a full stop, question or exclamation mark
  bool has_text = false;
  double habit = 1;  // 0.7 to 1.5
};
// Milliseconds of silence that end the turn.
int SilenceNeededMs(const Policy& policy, const PauseFacts& facts);

// Exponential mean of the pauses inside this user's turns, as a factor on the silence needed.
class PauseHabit {
 public:
  explicit PauseHabit(const Policy& policy)
      : mean_ms_(policy.habit_start_ms),
        start_ms_(policy.habit_start_ms),
        weight_(policy.habit_weight) {}
  void Learn(int64_t pause_ms);
  double factor() const;

 private:
  double mean_ms_;
  double start_ms_;
  double weight_;
};

// What is known of speech that began while the agent speaks.
struct InterruptFacts {
  int voiced_ms = 0;       // since what was said was last weighed and found to be nothing
  int utterance_ms = 0;    // of voice in all of it
  bool pausing = false;    // the speech has stopped
  bool words_due = false;  // … and the recognizer's words for it are on their way
  bool only_backchannel = false;
  bool stop_word = false;
  int content_words = 0;  // neither backchannel nor the agent's own, and wholly heard
  bool early = false;     // within the first seconds of agent audio of the session
  bool echo_free = false;
  bool echo_sound = false;  // correlated with what was played
  bool echo_words = false;  // mostly the agent's own words
  bool deaf = false;        // nothing turns speech into words
};
enum class Interruption {
  kWait,    // no evidence either way
  kPause,   // likely, and not yet certain: the agent holds its breath
  kStop,    // the user wants the floor
  kGoOn,    // no evidence, and the speech is over: gain back
  kIgnore,  // echo: the segment is discarded
};
Interruption DecideInterruption(const Policy& policy, const InterruptFacts& facts);

// May the first frame of a reply go out?
struct GateFacts {
  bool something_ready = false;
  bool user_open = false;     // a segment is open: speaking, or pausing undecided
  bool newer_commit = false;  // a decided segment still waits for its words
  bool floor_taken = false;   // an earlier turn is still being played
  bool detection = true;      // false: the client runs the turns, the user's side never closes it
};
bool GateOpen(const GateFacts& facts);

struct DraftFacts {
  bool allowed = true;  // by the client's settings; no reply is being prepared or spoken
  int drafts = 0;       // of this turn so far
  int64_t speech_ms = 0;
  int silence_ms = 0;
  float probability = -1;
  int words = 0;
  bool text_covers_speech = false;
  bool wants_more = false;
};
bool MayDraft(const Policy& policy, const DraftFacts& facts);

// Two transcripts of one segment whose spans overlap, the newer beginning later: the older's words
// before the longest row of words that ends it and begins the newer, then the newer. Returns how
// many bytes of `older` to keep.
size_t BytesKeptBefore(std::string_view older, std::string_view newer);

}  // namespace parley::turn
