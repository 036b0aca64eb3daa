// What is in the air at the microphone: the person's words and coughs, and the agent's own voice
// where the room gives it back. Times are the microphone's, which runs with the call's clock.
//
// One sequence.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/dice.h"
#include "sim/world.h"

namespace parley::sim {

struct Sound {
  int64_t from_us = 0;
  int64_t upto_us = 0;
  std::string_view word;   // empty: a cough
  bool ends_turn = false;  // the last word of what its speaker has to say
  bool question = false;
  uint32_t id = 0;
};

class Scene {
 public:
  Scene(const Accuracy& accuracy, Dice dice) : accuracy_(accuracy), dice_(dice) {}

  void AddEchoPath(double level_db) { echo_db_ = level_db; }
  // Sounds come in the order of their beginnings, of each kind.
  void Say(Sound sound);
  void Echo(Sound sound);
  // From here on the person says nothing of what was planned (the microphone went on, they did
  // not).
  double echo_db() const { return echo_db_; }

  // What a voice activity model makes of a window; windows are asked for in their order.
  float VoiceProbability(int64_t from_us, int64_t upto_us);

  // What a recognizer writes for a stretch. `pass` tells one pass's mistakes from another's.
  struct Hearing {
    bool final = false;
    double word_wrong = 0;
    uint64_t pass = 0;
  };
  // `judged`: the stretch ends in silence, where a recognizer may write a full stop.
  std::string Write(int64_t from_us, int64_t upto_us, const Hearing& how, bool judged) const;

  // Has who spoke last before this time said all they had to say? Nothing spoken: false.
  bool TurnIsOver(int64_t at_us) const;
  bool HasWords(int64_t from_us, int64_t upto_us) const;

 private:
  bool EchoHeard() const { return echo_db_ > -22; }
  std::string_view Written(const Sound& sound, const Hearing& how, int64_t upto_us) const;

  const Accuracy& accuracy_;
  Dice dice_;
  double echo_db_ = -100;
  std::vector<Sound> voice_;
  std::vector<Sound> echo_;
  size_t voice_at_ = 0;  // sounds before it are over
  size_t echo_at_ = 0;
  uint32_t ids_ = 0;
};

}  // namespace parley::sim
