// The fakes behind the agent's turns: a language model and a voice, with their latencies and their
// ways to fail. What they say becomes events of the core; what they make goes to the loudspeaker.
//
// One sequence.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "sim/agenda.h"
#include "sim/loudspeaker.h"
#include "sim/world.h"
#include "turn/action.h"
#include "turn/event.h"

namespace parley::sim {

class Agent {
 public:
  using Emit = std::function<void(turn::EventBody)>;

  // What became of a reply's engines.
  enum class Fate : uint8_t { kWell, kFails, kCut, kStalls, kEmpty };
  struct Reply {
    TurnId turn;
    std::vector<std::string> words;  // as they are written
    size_t next = 0;
    Fate model = Fate::kWell;
    Fate voice = Fate::kWell;
    size_t model_breaks_at = 0;
    int voice_breaks_at = 0;  // words of speech
    bool calls_tool = false;
    bool model_on = false;
    bool voice_on = true;
    bool draft = false;
    bool faulty = false;
    int words_spoken = 0;
    int64_t model_us = 0;  // when its newest word is due
    bool voice_busy = false;
    bool voice_warm = false;
    struct Utterance {
      UtteranceId id;
      std::vector<int> words;      // places in `words`
      std::vector<uint32_t> ends;  // bytes of the text
      size_t next = 0;
      int64_t samples = 0;
    };
    std::deque<Utterance> utterances;
  };

  Agent(Agenda& agenda, Loudspeaker& loudspeaker, const World& world, Dice dice, Emit emit);

  void StartModel(TurnId turn, bool draft);
  void Promote(TurnId turn);
  void Speak(TurnId turn, UtteranceId utterance, std::string_view text);
  void Apologize(TurnId turn, UtteranceId utterance, std::string_view text);
  void StopModel(TurnId turn);
  void Cancel(TurnId turn);
  // The faults are over.
  void Heal() { healed_ = true; }

  void OnModel(TurnId turn);
  void OnVoice(TurnId turn, UtteranceId utterance);

  const Reply* Find(TurnId turn) const;
  int64_t words_made() const { return words_made_; }

 private:
  Reply* FindMine(TurnId turn) {
    return const_cast<Reply*>(static_cast<const Agent*>(this)->Find(turn));
  }
  void Write(Reply& reply);
  void DrawFates(Reply& reply);
  void BeginUtterance(Reply& reply);
  void BreakVoice(Reply& reply, bool retryable);

  Agenda& agenda_;
  Loudspeaker& loudspeaker_;
  const World& world_;
  Dice dice_;
  const Emit emit_;
  const bool marks_;
  const double speed_;
  bool healed_ = false;
  int64_t words_made_ = 0;
  std::deque<Reply> replies_;
};

}  // namespace parley::sim
