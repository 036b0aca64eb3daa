// The person: what they say and when, where they hesitate, how they listen. All of it is known
// beforehand as truth, so that what the core made of it can be judged. A person who has begun to
// speak goes on, whatever the agent does; they hear only what the loudspeaker gives.
//
// One sequence.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "sim/agenda.h"
#include "sim/scene.h"
#include "sim/world.h"

namespace parley::sim {

struct Act {
  enum class Kind : uint8_t { kTurn, kBackchannel, kCough };
  Kind kind = Kind::kTurn;
  int64_t from_us = 0;  // first and last sample of sound
  int64_t upto_us = 0;
  std::vector<std::pair<int64_t, int64_t>> pauses;  // inside
  TurnId during;                                    // the reply that was being heard when it began
  bool interrupts = false;
  bool bare_stop = false;
  bool continued = false;  // the person spoke again before they could be answered
  bool probe = false;      // the plain question that ends a call
  bool disturbed = false;  // by a muted microphone or a stalled network
};

// What a client does besides sending sound.
enum class ClientWish : uint64_t { kCommit, kCreate, kCancel, kClear, kUpdate, kTruncate };

class Person {
 public:
  Person(Agenda& agenda, Scene& scene, const World& world, Dice dice, bool push_to_talk)
      : agenda_(agenda), scene_(scene), world_(world), dice_(dice), push_to_talk_(push_to_talk) {}

  void Begin(int64_t until_us);
  void OnWake(uint64_t token, uint64_t what);
  void OnAgentBegins(TurnId turn);
  void OnAgentGoesOn();
  void OnAgentSilent();
  // The last question of a call.
  void Probe();

  bool speaking() const { return agenda_.now_us() < speaking_until_us_; }
  bool talks_over() const { return agenda_.now_us() >= until_us_ && !speaking(); }
  const std::vector<Act>& acts() const { return acts_; }
  // Times in which the microphone is muted, and in which the uplink stands still.
  std::pair<int64_t, int64_t> mute() const { return mute_; }
  std::pair<int64_t, int64_t> stall() const { return stall_; }

 private:
  enum Wake : uint64_t { kNext, kOver, kBackchannel, kCough, kInterrupt, kQuick, kImpatient };
  enum class Manner { kPlain, kInterruption, kProbe };

  void Take(Manner manner);
  int64_t SayPhrase(int64_t at_us, int words, bool last, Act& act);
  int64_t SayWord(int64_t at_us, std::string_view word, bool ends, const Act& act);
  void Murmur();
  void Cough();
  void Disturb(Act& act, int64_t at_us);
  bool Disturbed(int64_t at_us) const;
  void WakeIn(double ms, Wake what, uint64_t token) {
    agenda_.In(static_cast<int64_t>(ms * 1000), Kind::kPerson, token, what);
  }

  Agenda& agenda_;
  Scene& scene_;
  const World& world_;
  Dice dice_;
  const bool push_to_talk_;
  int64_t until_us_ = 0;
  int64_t speaking_until_us_ = 0;
  uint64_t epoch_ = 0;  // plans of an older one are void
  TurnId hearing_;
  std::vector<Act> acts_;
  std::pair<int64_t, int64_t> mute_{0, 0};
  std::pair<int64_t, int64_t> stall_{0, 0};
};

}  // namespace parley::sim
