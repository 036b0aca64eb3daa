// The agent's sound on its way: made by the voice, paced by the server, carried by the network,
// played by the client; and what the person at the other end has truly heard of it. Of the client
// there are the three kinds that the design tells apart.
//
// One sequence.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "sim/agenda.h"
#include "sim/world.h"
#include "turn/event.h"

namespace parley::sim {

inline constexpr int kOutputRateHz = 24'000;

enum class SinkKind {
  kOwnPacer,   // the server holds what is unplayed
  kReporting,  // the client holds it, ducks and drops when told, and tells what it has played
  kRemote,     // the client holds it and drops at speech_started; the server estimates
};

class Loudspeaker {
 public:
  struct Word {
    int index = 0;    // in its reply; −1: of the apology
    int64_t end = 0;  // samples of the turn
  };
  // A word as the person heard it.
  struct HeardWord {
    TurnId turn;
    int index = 0;
    int64_t from_us = 0;
    int64_t upto_us = 0;
  };
  struct Utterance {
    UtteranceId id;
    int64_t from = 0;
    int64_t upto = 0;
    bool cut = false;
  };
  struct Turn {
    TurnId id;
    std::vector<Utterance> utterances;
    std::vector<Word> words;
    int64_t made = 0;  // samples
    int64_t sent = 0;
    int64_t estimate = 0;  // the server's, of what was played
    int64_t reported = 0;
    int64_t reported_us = 0;
    int64_t start_us = 0;  // of the schedule
    bool released = false;
    bool dropped = false;
    int64_t paused_us = -1;    // −1: not paused
    bool drop_wanted = false;  // the core dropped what had been released
    // At the client.
    int64_t received = 0;
    int64_t heard = 0;
    size_t next_word = 0;
    bool client_dropped = false;
    bool client_paused = false;
    int64_t first_heard_us = -1;
    int64_t last_heard_us = -1;
    int words_heard = 0;
    int ducks = 0;
  };

  Loudspeaker(Agenda& agenda, const Wire& wire, SinkKind sink)
      : agenda_(agenda), wire_(wire), sink_(sink) {}

  // The server's side.
  void Hold(TurnId turn);
  void Release(TurnId turn);
  void Drop(TurnId turn);
  void Pause(TurnId turn);
  void Resume(TurnId turn);
  void Trim(TurnId turn, UtteranceId utterance, int64_t samples);
  // More of an utterance, ending in that word.
  void Make(TurnId turn, UtteranceId utterance, int64_t samples, int word_index);
  // Sends what is due, when the agenda says so; what the core is to be told, if anything changed.
  std::optional<turn::Played> Pace(int64_t due_us, int64_t network_us);
  void Reported(TurnId turn, int64_t samples);
  // A message behind the sound that is already on its way.
  void ToClient(int64_t network_us, Kind kind, uint64_t turn, uint64_t b = 0) {
    agenda_.InOrder(down_us_, agenda_.now_us() + network_us, kind, turn, b);
  }
  bool busy() const;

  // The client's side. What the person notices.
  enum class Notice { kNothing, kBegins, kGoesOn };
  Notice SoundArrives(TurnId turn, int64_t upto);
  // Stops that turn, or whatever plays; the turn that was playing.
  TurnId ClientDrops(TurnId turn);
  void ClientPauses(TurnId turn, bool on);
  // The loudspeaker's story up to now.
  void Advance();
  bool playing() const { return spell_open_; }
  TurnId playing_turn() const;
  // Microseconds of sound that are still here.
  int64_t RemainingUs() const;

  Turn* Find(TurnId turn);
  std::vector<Turn>& turns() { return turns_; }
  const std::vector<HeardWord>& heard_words() const { return heard_words_; }

 private:
  int64_t LeadUs() const;
  void ArmPace(int64_t at_us);
  void Hear(Turn& turn, int64_t samples, int64_t from_us);

  Agenda& agenda_;
  const Wire& wire_;
  const SinkKind sink_;
  std::vector<Turn> turns_;  // in the order of their ids
  TurnId released_;
  int64_t pace_us_ = -1;  // when it is next looked whether sound is due
  int64_t down_us_ = 0;   // the newest message on its way to the client
  // At the client: turns before `playing_` are over.
  std::vector<TurnId> queue_;
  size_t playing_ = 0;
  int64_t cursor_us_ = 0;
  bool spell_open_ = false;
  std::vector<HeardWord> heard_words_;
};

}  // namespace parley::sim
